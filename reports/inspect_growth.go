package reports

import (
	"fmt"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// growthOf measures how the frauds of a profile come to be reported.
func growthOf(p *replay.Profile) calibrate.Growth {
	return calibrate.GrowthOf(&p.Ages, inspectConfidence)
}

// growthBlocks show how fast fraud is reported, and how much of the young months' is still to come.
func growthBlocks(g calibrate.Growth) []Block {
	if g.Horizon == 0 {
		return nil
	}
	t := &Table{Caption: fmt.Sprintf("How fast fraud is reported: share of what is reported within %d days", g.Horizon),
		Columns: []Column{{Name: "days", Align: Right}, {Name: "reported", Align: Right}, {Name: "interval", Head: confidenceText(inspectConfidence) + " interval", Align: Right},
			{Name: "at_risk", Head: "records followed", Align: Right}}}
	for _, d := range g.Points {
		t.Rows = append(t.Rows, []Cell{countCell(int64(d.Day)), {d.Value, percent(d.Value)}, spanCell(d.Low, d.High), countCell(d.AtRisk)})
	}
	t.Footnotes = []string{fmt.Sprintf("Of the records up to %s, in whole days (UTC): Kaplan and Meier, which counts a young record for as long as it was followed. Each interval is for its day "+
		"alone, and records are taken as independent.", g.LastDay)}
	if g.Undated > 0 {
		t.Footnotes = append(t.Footnotes, thousands(g.Undated)+" frauds do not say when they were, or when they were reported, and are in neither of these tables.")
	}
	if len(g.Months) == 0 {
		return []Block{t}
	}
	return []Block{t, youngTable(g)}
}

// youngTable has the months of which some fraud is still to come.
func youngTable(g calibrate.Growth) *Table {
	t := &Table{Caption: fmt.Sprintf("Fraud still to come, of what is reported within %d days", g.Horizon),
		Columns: []Column{{Name: "month"}, {Name: "records", Align: Right}, {Name: "fraud", Head: "fraud so far", Align: Right}, {Name: "to_come", Head: "still to come", Align: Right},
			{Name: "interval", Head: confidenceText(inspectConfidence) + " interval", Align: Right}}}
	for _, m := range g.Months {
		r := toCome(m)
		t.Rows = append(t.Rows, []Cell{textCell(m.Month), countCell(m.Records), countCell(m.Frauds), {r.Value, percent(r.Value)}, spanCell(r.Low, r.High)})
	}
	t.Footnotes = []string{"Estimated by the age of each record, as if fraud were reported as fast as in the months before. The interval knows of that curve's doubt, not of the month's own luck."}
	return t
}

// toCome turns what is reported into what is not.
func toCome(m calibrate.MonthGrowth) calibrate.Developed {
	r := m.Reported
	r.Value, r.Low, r.High = 1-r.Value, 1-r.High, 1-r.Low
	return r
}

func spanCell(low, high calibrate.Number) Cell {
	if !low.Defined() || !high.Defined() {
		return textCell("")
	}
	return textCell(decimals(100*low) + " – " + percent(high))
}

// A growthJSON is the development of inspect, null where no fraud says when it was reported.
type growthJSON struct {
	LastDay string                `json:"last_day"` // the last whole day that counts
	Horizon int                   `json:"horizon_days"`
	Points  []calibrate.Developed `json:"reported"` // shares of the frauds of the horizon
	Months  []youngJSON           `json:"months"`   // those of which fraud is still to come
	Undated int64                 `json:"undated_frauds"`
}

type youngJSON struct {
	Month   string           `json:"month"`
	Records int64            `json:"records"`
	Fraud   int64            `json:"fraud"` // so far
	ToCome  calibrate.Number `json:"to_come"`
	Low     calibrate.Number `json:"low"`
	High    calibrate.Number `json:"high"`
}

func newGrowth(g calibrate.Growth) *growthJSON {
	if g.Horizon == 0 {
		return nil
	}
	out := &growthJSON{g.LastDay, g.Horizon, g.Points, []youngJSON{}, g.Undated}
	for _, m := range g.Months {
		r := toCome(m)
		out.Months = append(out.Months, youngJSON{m.Month, m.Records, m.Frauds, r.Value, r.Low, r.High})
	}
	return out
}

// growthTidy appends lines whose estimate is the share reported within so many days, or still to come of a month; records are those
// that were followed so long, and those of the month.
func (t *Table) growthTidy(g calibrate.Growth) {
	for _, d := range g.Points {
		t.line(nil, "reported", fmt.Sprintf("within_%d_days", g.Horizon), int64(d.Day), d.AtRisk, nil, nil, nil, nil, nil, nil, d.Low, d.High, d.Value)
	}
	for _, m := range g.Months {
		r := toCome(m)
		t.line(nil, "to_come", "month", m.Month, m.Records, m.Frauds, nil, nil, nil, nil, nil, r.Low, r.High, r.Value)
	}
}
