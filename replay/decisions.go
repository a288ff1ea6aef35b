package replay

import (
	"io"
	"path/filepath"
	"strings"
	"sync"

	"github.com/trustreplay/trustreplay/dataset"
)

// Decisions writes what policies do with each record, and why, one row for each record and policy, in input order. Many
// goroutines read the input, so the rows of a unit wait in memory until all units before it are written.
type Decisions struct {
	plan     *Plan
	policies []bound
	table    *dataset.Table

	keep func(made []Decision) bool // which records are written, nil for all of them
	rows func(id string, label dataset.Label, made []Decision) error

	mu      sync.Mutex
	waiting map[int]*rowBlock // by Batch.Seq
	next    int               // the unit to write next
	err     error
}

// A rowBlock holds the decisions on the records of one unit.
type rowBlock struct {
	ids  []byte // all ids one after the other
	ends []int  // where each id ends
	// labels has one for each id, made one for each id and policy.
	labels []dataset.Label
	made   []Decision
	done   bool
}

// decisionColumns is the header of --decisions. rule holds the rule's name, or the cell that decided: gate[high],
// matrix[review][low], undecided[review].
var decisionColumns = []dataset.TableColumn{
	{Name: "customer_id"}, {Name: "policy"}, {Name: "action"}, {Name: "first_cluster"}, {Name: "second_cluster"},
	{Name: "called", Kind: dataset.CellBool}, {Name: "rule"},
}

// NewDecisions writes the decisions of a plan with Rows set to w, as Parquet where path ends in .parquet, as CSV elsewhere.
func NewDecisions(plan *Plan, w io.Writer, path string) (*Decisions, error) {
	d, err := newDecisions(plan, plan.Policies, w, path, decisionColumns)
	if err != nil {
		return nil, err
	}
	d.rows = d.decisionRows
	return d, nil
}

// newDecisions returns what collects the decisions of policies; what is written of them is for the caller to set.
func newDecisions(plan *Plan, policies []*Policy, w io.Writer, path string, columns []dataset.TableColumn) (*Decisions, error) {
	format := "csv"
	if strings.EqualFold(filepath.Ext(path), ".parquet") {
		format = "parquet"
	}
	table, err := dataset.NewTable(w, format, columns)
	if err != nil {
		return nil, err
	}
	d := &Decisions{plan: plan, table: table, waiting: map[int]*rowBlock{}}
	for _, p := range policies {
		d.policies = append(d.policies, plan.bind(p))
	}
	return d, nil
}

// add decides on the records of a batch. The units of different goroutines do not meet: each fills its own block.
func (d *Decisions) add(b *dataset.Batch, masks []uint64) error {
	block, err := d.block(b)
	if err != nil {
		return err
	}
	ids := &b.Cols[d.plan.id]
	for r := range b.N {
		if b.Rejected(r) {
			continue
		}
		var mask uint64
		if len(d.plan.conds) > 0 {
			mask = masks[r]
		}
		for _, p := range d.policies {
			block.made = append(block.made, p.Decide(d.caseOf(b, r, p, mask)))
		}
		if start := len(block.made) - len(d.policies); d.keep != nil && !d.keep(block.made[start:]) {
			block.made = block.made[:start]
			continue
		}
		block.ids = append(block.ids, ids.Dict[ids.Idx[r]]...)
		block.ends = append(block.ends, len(block.ids))
		block.labels = append(block.labels, dataset.Label(b.Cols[d.plan.label].U8[r]))
	}
	if !b.End {
		return nil
	}
	return d.finish(block)
}

func (d *Decisions) block(b *dataset.Batch) (*rowBlock, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	block := d.waiting[b.Seq]
	if block == nil {
		block = &rowBlock{}
		d.waiting[b.Seq] = block
	}
	return block, d.err
}

// caseOf collects what a policy looks at in record r.
func (d *Decisions) caseOf(b *dataset.Batch, r int, p bound, mask uint64) Case {
	c := Case{First: d.answer(b, r, p.first), Fired: p.fired(mask)}
	if p.second >= 0 {
		c.Second = d.answer(b, r, p.second)
	}
	return c
}

func (d *Decisions) answer(b *dataset.Batch, r, axis int) Answer {
	a := &d.plan.axes[axis]
	ans := Answer{State: b.Cols[a.state].State[r]}
	if d.plan.AbsentMissing && ans.State == dataset.State(dataset.Absent) {
		ans.State = dataset.State(dataset.Missing)
	}
	if a.cluster >= 0 {
		ans.Cluster = dataset.Cluster(b.Cols[a.cluster].U8[r])
	}
	return ans
}

// finish writes a complete block once it is its turn, and with it those that waited for it.
func (d *Decisions) finish(block *rowBlock) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	block.done = true
	for d.err == nil {
		head := d.waiting[d.next]
		if head == nil || !head.done {
			return nil
		}
		delete(d.waiting, d.next)
		d.next++
		d.err = d.write(head)
	}
	return d.err
}

func (d *Decisions) write(block *rowBlock) error {
	start := 0
	for i, end := range block.ends {
		id := string(block.ids[start:end])
		start = end
		n := len(d.policies)
		if err := d.rows(id, block.labels[i], block.made[i*n:(i+1)*n]); err != nil {
			return err
		}
	}
	return nil
}

// decisionRows writes what each policy does with a record.
func (d *Decisions) decisionRows(id string, _ dataset.Label, made []Decision) error {
	for j, p := range d.policies {
		made := made[j]
		second := ""
		if made.Called && made.Action != Undecided {
			second = made.SecondCluster.String()
		}
		called := dataset.Cell{}
		if made.Called {
			called.Int = 1
		}
		err := d.table.Append(dataset.Cell{Text: id}, dataset.Cell{Text: p.Name}, dataset.Cell{Text: actionText(made.Action)},
			dataset.Cell{Text: made.FirstCluster.String()}, dataset.Cell{Text: second}, called, dataset.Cell{Text: p.Reason(made)})
		if err != nil {
			return err
		}
	}
	return nil
}

func actionText(a dataset.Action) string {
	if a == Undecided {
		return "undecided"
	}
	return a.String()
}

// flush completes the table after the last unit.
func (d *Decisions) flush() error { return d.table.Close() }

// Reason names what decided: a rule, or a cell of the gate or of the matrix.
func (p *Policy) Reason(d Decision) string {
	switch d.By {
	case ByRule:
		return p.Rules[d.Rule].Name
	case ByGate:
		return "gate[" + d.FirstCluster.String() + "]"
	case ByMatrix:
		return "matrix[" + d.FirstCluster.String() + "][" + d.SecondCluster.String() + "]"
	}
	return "undecided[" + d.FirstCluster.String() + "]"
}
