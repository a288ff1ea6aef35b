package replay

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
)

// A Question is what one scan of a history is to answer.
type Question struct {
	Policies []*Policy
	// By splits the answer by the values of fields of the record, or by the "month" or "day" of its time.
	By []string
	// Exact keeps every score apart in the cube; otherwise scores that no policy tells apart share a cell.
	Exact bool
	// ExactOf does the same for the products that it names, which leaves the cube small where the cutoffs of one product move.
	ExactOf []string
	// AbsentMissing reads a product that a record does not hold as one that was asked in vain. It is for histories in which
	// every product was always asked. Without it, an absent second product was not called.
	AbsentMissing bool
	// Spread adds to every tally how uneven its amounts are, which intervals by value need. It takes another pass over the
	// amounts, and room for each cell.
	Spread bool
	// Maturity says from when on labels are final.
	Maturity Maturity
	// MatureOnly leaves immature records out of the cube, for questions that only mature ones can answer. The account counts them.
	MatureOnly bool
	// LabelTimes counts the labels whose time is known, where there is no Maturity, so that the account can tell whether one could
	// be asked for. It changes no count.
	LabelTimes bool
	// Rows adds the customer's id to what is read, for decisions record by record.
	Rows bool
	// Entity names the field that says whose record it is, such as a customer or an account; "" where nobody asks.
	// Records are then kept one by one, which takes 32 bytes each.
	Entity string
	// Singles keeps records one by one without an Entity, for questions that depend on the amount of each.
	Singles bool
	// Logins says that the entity is a user whose logins are replayed in order (Cube.Enrollment).
	Logins bool
	// Past reads what production did with each record, where that is recorded (dataset.ActionField).
	Past bool
	// HistoryPolicy is what production ran where the action is not recorded, nil where nobody says. It counts on Past.
	HistoryPolicy *Policy
	// Exploration names the field of the probability with which production was to approve each record, a number in [0, 1]; ""
	// where nobody asks. It counts on Past.
	Exploration string
	// Outcomes adds what came of production's own step-ups and reviews, for Cube.Treated.
	Outcomes bool
	// Traits are fields of which the cube counts, month by month, what records look like (Cube.Traits); nil where nobody asks.
	// TraitFields lists those that a history has. It changes no other count.
	Traits []dataset.Field
	// DayApprovals is a policy whose approvals are counted by day (Cube.DayApprovals), one of Policies; nil where nobody asks. It
	// changes no other count.
	DayApprovals *Policy
	// Economics say what decisions cost, nil where nobody asks. They are carried to every answer, and change no count.
	Economics *Economics
	// Saved describes the history where it is one of saved cubes (dataset.PeekSaved), nil elsewhere. Its maturity takes the place
	// of Maturity.
	Saved *dataset.Saved
	// Save says that the plan is for Count alone: no cube of it is built.
	Save bool
}

// MaxConditions is the most different rule conditions that the policies of one question may have together.
const MaxConditions = 64

// A Plan says which fields a question needs and how the cube that answers it is laid out.
type Plan struct {
	Question
	fields  []dataset.Field
	axes    []axis       // one for each product that a policy asks, in the order of dataset.Products
	conds   []*Condition // the different conditions of all policies
	label   int          // columns of the batch, -1 where not read
	amount  int
	time    int
	known   int // when the label became known, -1 unless somebody asks
	id      int
	entity  int // whose record it is, -1 where nobody asks
	past    int
	chance  int
	young   int                // of saved cubes: whether a row's records are immature, -1 where not read
	by      []int              // the column of each By field, that of the time for a month or day
	cells   int                // size of the inner grid: the product of the axes and of the labels
	treated [numTreatments]int // columns of the outcomes of step-ups and of reviews, -1 unless asked for
	traits  *traitColumns      // nil where nobody asks
}

// An axis holds what policies can tell apart in one product's answer: a bin of its state and, where a policy uses it, the
// recorded cluster.
type axis struct {
	product  string
	state    int // column of the product's state
	cluster  int // column of the recorded cluster, -1 where no policy uses it
	bin      [1 << 11]uint16
	states   []dataset.State // one state of each bin, to stand for all of them
	clusters int             // NumClusters where the recorded cluster is part of the axis, else 1
}

func (a *axis) size() int { return len(a.states) * a.clusters }

// answer returns an answer that stands for all that share a code of the axis.
func (a *axis) answer(code int) Answer {
	return Answer{State: a.states[code/a.clusters], Cluster: dataset.Cluster(code % a.clusters)}
}

// NewPlan checks a question and lays out its answer.
func NewPlan(q Question) (*Plan, error) {
	p := &Plan{Question: q, label: -1, amount: -1, time: -1, known: -1, id: -1, entity: -1, past: -1, chance: -1, young: -1, treated: [numTreatments]int{-1, -1}}
	for _, product := range dataset.Products {
		p.addAxis(product)
	}
	for _, pol := range q.Policies {
		if q.Economics != nil {
			if err := q.Economics.Covers(pol); err != nil {
				return nil, err
			}
		}
	}
	if err := p.addConditions(); err != nil {
		return nil, err
	}
	if err := p.checkSaved(); err != nil {
		return nil, err
	}
	p.label = p.column(dataset.Field{Name: dataset.LabelField, Kind: dataset.KindLabel})
	p.amount = p.column(dataset.Field{Name: dataset.Amount, Kind: dataset.KindAmount})
	// The window of a history stands beside every rate (STATISTICS.md, section 7), so the time is always read.
	p.time = p.column(dataset.Field{Name: dataset.Timestamp, Kind: dataset.KindTime})
	if err := q.Maturity.check(); err != nil {
		return nil, err
	}
	switch {
	case q.Saved != nil:
		p.addYoung()
	case q.Maturity.Days > 0 || q.LabelTimes:
		p.known = p.column(dataset.Field{Name: dataset.LabelTime, Kind: dataset.KindTime})
	}
	if p.remembers() {
		p.past = p.column(dataset.Field{Name: dataset.ActionField, Kind: dataset.KindAction})
	}
	if q.Exploration != "" {
		if dataset.Personal(q.Exploration) {
			return nil, fmt.Errorf("exploration by %q is personal data; want a field of probabilities", q.Exploration)
		}
		p.chance = p.column(dataset.Field{Name: q.Exploration, Kind: dataset.KindNumber})
	}
	if q.Rows {
		p.id = p.column(dataset.Field{Name: dataset.CustomerID, Kind: dataset.KindText})
	}
	if err := p.addEntity(); err != nil {
		return nil, err
	}
	if q.Outcomes {
		for i, name := range treatedFields {
			p.treated[i] = p.column(dataset.Field{Name: name, Kind: dataset.KindText})
		}
	}
	if err := p.addTraits(); err != nil {
		return nil, err
	}
	for i, name := range q.By {
		if slices.Contains(q.By[:i], name) {
			return nil, fmt.Errorf("by %q is named twice", name)
		}
		if _, found := calendars[name]; found {
			p.by = append(p.by, p.time)
			continue
		}
		if dataset.Personal(name) {
			return nil, fmt.Errorf("by %q is personal data, which is never printed; want month, day or a field such as country", name)
		}
		p.by = append(p.by, p.column(dataset.Field{Name: name, Kind: dataset.KindText}))
	}
	p.cells = dataset.NumLabels
	for i := range p.axes {
		p.cells *= p.axes[i].size()
	}
	if q.DayApprovals != nil {
		if err := p.covers(q.DayApprovals); err != nil {
			return nil, err
		}
	}
	if p.cells > math.MaxUint32 && !q.Save {
		return nil, fmt.Errorf("%d products with every score apart make too large a grid, want at most two", len(p.axes))
	}
	return p, nil
}

// addEntity adds the column that says whose record it is.
func (p *Plan) addEntity() error {
	if p.Logins {
		for _, pol := range p.Policies {
			if err := pol.asksLoginAlone(); err != nil {
				return err
			}
		}
	}
	if p.Entity == "" {
		return nil
	}
	// An id is hashed as it is read and never printed; what a person would recognise is not even read.
	if dataset.Personal(p.Entity) && !strings.HasSuffix(p.Entity, "_id") {
		return fmt.Errorf("entity %q is personal data, which is never read; want an id such as customer_id, account_id or device_id", p.Entity)
	}
	p.entity = p.column(dataset.Field{Name: p.Entity, Kind: dataset.KindText})
	return nil
}

// single reports whether records are kept one by one.
func (p *Plan) single() bool { return p.entity >= 0 || p.Singles }

// Fields returns what a scan must read for Build, in the order that Build expects.
func (p *Plan) Fields() []dataset.Field { return p.fields }

// alike tells a scan which times the answer treats alike (dataset.Scan.Alike): those of one period of every calendar that it is split
// by. It is nil where the answer looks at times in any other way.
func (p *Plan) alike() func(first, last int64) bool {
	if p.Save || p.Saved != nil || p.Maturity.Days > 0 || p.single() || p.Rows || p.traits != nil || p.DayApprovals != nil {
		return nil
	}
	return func(first, last int64) bool {
		for _, name := range p.By {
			if c, found := calendars[name]; found && c.of(first) != c.of(last) {
				return false
			}
		}
		return true
	}
}

func (p *Plan) column(f dataset.Field) int {
	if i := slices.Index(p.fields, f); i >= 0 {
		return i
	}
	p.fields = append(p.fields, f)
	return len(p.fields) - 1
}

// addAxis adds the axis of a product if a policy asks it.
func (p *Plan) addAxis(product string) {
	var edges []int
	asked, recorded := false, false
	use := func(name string, b Bands) {
		if name != product {
			return
		}
		asked = true
		if b.Recorded() {
			recorded = true
		} else {
			edges = append(edges, b.Edges[:]...)
		}
	}
	for _, pol := range p.everybody() {
		use(pol.First, pol.FirstBands)
		use(pol.Second, pol.SecondBands)
	}
	if !asked {
		return
	}
	a := axis{product: product, cluster: -1, clusters: 1}
	a.state = p.column(dataset.Field{Name: dataset.ProductField(product, ""), Kind: dataset.KindState})
	if recorded {
		a.cluster = p.column(dataset.Field{Name: dataset.ProductField(product, "score_cluster"), Kind: dataset.KindCluster})
		a.clusters = dataset.NumClusters
	}
	a.setBins(edges, p.Exact || slices.Contains(p.ExactOf, product), p.AbsentMissing)
	p.axes = append(p.axes, a)
}

// setBins gives a bin to each status, one to a response without a score, and one to each run of scores that no edge parts.
func (a *axis) setBins(edges []int, exact, absentMissing bool) {
	for s := range dataset.NumStates {
		st := dataset.State(s)
		score, found := st.Score()
		switch {
		case !found && st == dataset.State(dataset.Missing) && absentMissing:
			a.bin[s] = a.bin[dataset.Absent]
			continue
		case found && score > 0 && !exact && !slices.Contains(edges, score):
			a.bin[s] = a.bin[s-1]
			continue
		}
		a.bin[s] = uint16(len(a.states))
		if st == dataset.State(dataset.Absent) && absentMissing {
			st = dataset.State(dataset.Missing)
		}
		a.states = append(a.states, st)
	}
}

// addConditions collects the different conditions of all policies and the fields they read.
func (p *Plan) addConditions() error {
	for _, pol := range p.everybody() {
		for _, r := range pol.Rules {
			if p.condition(r.When) < 0 {
				p.conds = append(p.conds, r.When)
			}
		}
	}
	if len(p.conds) > MaxConditions {
		return fmt.Errorf("the policies have %d different rule conditions together, want at most %d: replay fewer at once", len(p.conds), MaxConditions)
	}
	for _, c := range p.conds {
		for _, f := range c.Fields {
			p.column(readAs(f))
		}
	}
	return nil
}

// inCondition reports whether a condition reads a column.
func (p *Plan) inCondition(column dataset.Field) bool {
	return slices.ContainsFunc(p.conds, func(c *Condition) bool {
		return slices.ContainsFunc(c.Fields, func(f dataset.Field) bool { return readAs(f) == column })
	})
}

// condition returns the index of a condition of the same source, or -1.
func (p *Plan) condition(c *Condition) int {
	return slices.IndexFunc(p.conds, func(d *Condition) bool { return d.Source == c.Source })
}

// bound is a policy with its place in a plan.
type bound struct {
	*Policy
	first, second int   // axes, second -1 in a one-product policy
	conds         []int // the condition of each rule
}

func (p *Plan) bind(pol *Policy) bound {
	b := bound{Policy: pol, first: p.axis(pol.First), second: -1}
	if pol.Second != "" {
		b.second = p.axis(pol.Second)
	}
	for _, r := range pol.Rules {
		b.conds = append(b.conds, p.condition(r.When))
	}
	return b
}

func (p *Plan) axis(product string) int {
	return slices.IndexFunc(p.axes, func(a axis) bool { return a.product == product })
}

// fired translates a mask over the plan's conditions to one over the policy's rules.
func (b bound) fired(mask uint64) uint64 {
	var f uint64
	for rule, cond := range b.conds {
		f |= mask >> cond & 1 << rule
	}
	return f
}

// covers reports why a policy cannot be answered from a cube of this plan, nil if it can.
func (p *Plan) covers(pol *Policy) error {
	var lacks []string
	product := func(name string, b Bands) {
		if name == "" {
			return
		}
		i := p.axis(name)
		if i < 0 {
			lacks = append(lacks, "the product "+name)
			return
		}
		a := &p.axes[i]
		if b.Recorded() {
			if a.cluster < 0 {
				lacks = append(lacks, "the recorded clusters of "+name)
			}
			return
		}
		for _, e := range b.Edges {
			if e <= 0 || e > dataset.MaxScore {
				continue // at an end of the scale: it parts no score from another
			}
			if at := dataset.Scored(e); a.bin[at] == a.bin[at-1] {
				lacks = append(lacks, fmt.Sprintf("the edge %d of %s", e, name))
			}
		}
	}
	product(pol.First, pol.FirstBands)
	product(pol.Second, pol.SecondBands)
	for _, r := range pol.Rules {
		if p.condition(r.When) < 0 {
			lacks = append(lacks, fmt.Sprintf("the rule %q", r.Name))
		}
	}
	if lacks == nil {
		return nil
	}
	return fmt.Errorf("policy %s needs what the cube was not built with: %s", pol.Name, strings.Join(lacks, ", "))
}
