package reports

import (
	"fmt"

	"github.com/trustreplay/trustreplay/dataset"
)

// maturityText says which labels are final, or that it cannot be told; "" where labels were taken as they are.
func maturityText(a dataset.Account) string {
	switch {
	case a.Mature != nil:
		return matureText(a.Mature)
	case a.LabelTimes.Unknown():
		return "Maturity is unknown: no record says when its label became known"
	}
	return ""
}

func matureText(m *dataset.Mature) string {
	asOf, newest := m.Dates()
	text := fmt.Sprintf("Labels are final after %s, as of %s: ", daysText(int64(m.Days)), asOf)
	if newest == "" && m.Only {
		return text + "no record is that old (--maturity takes fewer days, 0 labels as they are)"
	}
	if newest == "" {
		return text + "no record is that old, so none counts as labeled (--maturity takes fewer days, 0 labels as they are)"
	}
	fate := "count as unlabeled"
	if m.Only {
		fate = "are left out"
	}
	text += fmt.Sprintf("the newest mature record is of %s, %s younger ones %s", newest, thousands(m.Immature), fate)
	switch {
	case m.Known == 0:
		return text + "; when labels became known is not recorded, so no fraud counts as late"
	case m.Late > 0:
		frauds := thousands(m.Late) + " frauds that were"
		if m.Late == 1 {
			frauds = "1 fraud that was"
		}
		return text + ", " + frauds + " reported later as legit"
	}
	return text
}

// finalTo goes behind a window: the day of the newest record whose label is final. "" where labels were taken as they are.
func finalTo(a dataset.Account) string {
	if a.Mature == nil {
		return ""
	}
	if _, newest := a.Mature.Dates(); newest != "" {
		return ", labels final up to " + newest
	}
	return ", no label final"
}

// A maturityJSON says which labels were taken as final. Where no record says when its label became known, days and label_times
// are 0 and maturity is unknown.
type maturityJSON struct {
	Days       int     `json:"days"`
	AsOf       *string `json:"as_of"`  // a day, null where maturity is unknown
	Newest     *string `json:"newest"` // day of the newest mature record, null where there is none
	Immature   int64   `json:"immature"`
	Late       int64   `json:"late"`        // frauds reported after maturity, counted as legit
	LabelTimes int64   `json:"label_times"` // records that say when their label became known
}

// newMaturity returns nil where labels were taken as they are.
func newMaturity(a dataset.Account) *maturityJSON {
	m := a.Mature
	switch {
	case a.LabelTimes.Unknown():
		return &maturityJSON{}
	case m == nil:
		return nil
	}
	asOf, newest := m.Dates()
	out := &maturityJSON{m.Days, &asOf, nil, m.Immature, m.Late, m.Known}
	if newest != "" {
		out.Newest = &newest
	}
	return out
}
