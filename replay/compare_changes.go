package replay

import (
	"fmt"
	"io"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// changeColumns is the header of --changes. The reasons are those of the column rule in --decisions.
var changeColumns = []dataset.TableColumn{
	{Name: "customer_id"}, {Name: "challenger"}, {Name: "champion_action"}, {Name: "challenger_action"},
	{Name: "champion_reason"}, {Name: "challenger_reason"}, {Name: "label"},
}

// NewChanges writes the records that a challenger treats with another action than the champion, one row for each such record
// and challenger, in input order and the challengers' order. The plan has Rows set and covers all these policies; w and path
// are as for NewDecisions. What it returns is given to Build.
func NewChanges(plan *Plan, champion *Policy, challengers []*Policy, w io.Writer, path string) (*Decisions, error) {
	policies := append([]*Policy{champion}, challengers...)
	for _, p := range policies {
		if err := plan.covers(p); err != nil {
			return nil, err
		}
	}
	if plan.id < 0 {
		return nil, fmt.Errorf("the changes of each record need its id: want a question with Rows")
	}
	d, err := newDecisions(plan, policies, w, path, changeColumns)
	if err != nil {
		return nil, err
	}
	d.keep = func(made []Decision) bool {
		return slices.ContainsFunc(made[1:], func(m Decision) bool { return m.Action != made[0].Action })
	}
	d.rows = d.changeRows
	return d, nil
}

// changeRows writes a record for each challenger that treats it otherwise.
func (d *Decisions) changeRows(id string, label dataset.Label, made []Decision) error {
	champion := d.policies[0]
	for i, m := range made[1:] {
		challenger := d.policies[1+i]
		if m.Action == made[0].Action {
			continue
		}
		var row []dataset.Cell
		for _, text := range []string{id, challenger.Name, actionText(made[0].Action), actionText(m.Action),
			champion.Reason(made[0]), challenger.Reason(m), label.String()} {
			row = append(row, dataset.Cell{Text: text})
		}
		if err := d.table.Append(row...); err != nil {
			return err
		}
	}
	return nil
}
