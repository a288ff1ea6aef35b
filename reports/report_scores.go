package reports

import (
	"fmt"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// scoreBlocks say how well the scores tell fraud from legit, and where.
func (m monthly) scoreBlocks() []Block {
	p := m.Profile
	if p.Total.Labeled() == 0 {
		return lacking("No record has a label, so nothing can be said of what the scores tell.")
	}
	s := scoresOf(p)
	blocks := scoreBlocks(p, s)
	if len(blocks) == 0 {
		return lacking("No labeled record has a score.")
	}
	var out []Block
	if mature := m.account.Mature; mature != nil && mature.Immature > 0 {
		out = append(out, Paragraph(fmt.Sprintf("Labels are taken as they are here, those of the %s records younger than %s too, which are not final: these rates of fraud may still rise, and are not those of policies elsewhere in this report.",
			thousands(mature.Immature), daysText(int64(mature.Days)))))
	}
	out = append(out, named("scores", blocks[0].(*Table)))
	more := Details{Summary: "Lift and gains, the heat map as a picture and its cells, recorded clusters"}
	if p.Collection().Mode != replay.ModeSingle {
		out = append(out, heatTable(p))
	} else {
		out = append(out, Paragraph("No heat map: these records hold one product, and the map is of two."))
		more.Summary = "Lift and gains, recorded clusters"
	}
	more.Blocks = append(more.Blocks, namedAll("gains", blocks[1:])...)
	if p.Collection().Mode != replay.ModeSingle {
		more.Blocks = append(more.Blocks, heatFigure(p), heatCells(p))
	}
	more.Blocks = append(more.Blocks, namedAll("recorded-clusters", bandTables(p))...)
	return append(out, more)
}

// heatTable is the fraud rate of each pair of clusters, shaded by it, with the number of labeled records in each cell.
func heatTable(p *replay.Profile) *Table {
	t := &Table{Name: "heat-map", Caption: "Fraud rate by session (down) and onboarding (across), of how many labeled records", Columns: []Column{{Name: "session"}}}
	for _, o := range dataset.Clusters {
		t.Columns = append(t.Columns, Column{Name: o.String(), Align: Right})
	}
	highest := 0.0
	rate := func(s, o dataset.Cluster) calibrate.Number {
		cell := p.Pairs[s][o]
		return calibrate.Rate("", cell.Records[dataset.Fraud], cell.Labeled(), inspectConfidence).Value
	}
	for _, s := range dataset.Clusters {
		for _, o := range dataset.Clusters {
			if v := rate(s, o); v.Defined() {
				highest = max(highest, float64(v))
			}
		}
	}
	for _, s := range dataset.Clusters {
		row, heat := []Cell{textCell(s.String())}, []calibrate.Number{calibrate.Undefined()}
		for _, o := range dataset.Clusters {
			v := rate(s, o)
			row = append(row, Cell{v, heatText(p.Pairs[s][o])})
			if highest > 0 {
				v /= calibrate.Number(highest)
			}
			heat = append(heat, v)
		}
		t.Rows, t.Heat = append(t.Rows, row), append(t.Heat, heat)
	}
	t.Footnotes = []string{"Clusters as recorded. A cell of few records shows a rate that chance alone can make; the table of the cells has the intervals."}
	if p.Derived > 0 {
		t.Footnotes = append(t.Footnotes, fmt.Sprintf("%s answers carry a score but no cluster; the standard bands stand in.", thousands(p.Derived)))
	}
	return t
}

// heatFigure is the heat map as a picture, for slides.
func heatFigure(p *replay.Profile) Figure {
	h := &HeatMap{Name: "Fraud rate", Percent: true}
	for _, s := range dataset.Clusters {
		h.Rows, h.Columns = append(h.Rows, s.String()), append(h.Columns, s.String())
		var row []HeatCell
		for _, o := range dataset.Clusters {
			m := calibrate.Rate("", p.Pairs[s][o].Records[dataset.Fraud], p.Pairs[s][o].Labeled(), inspectConfidence)
			cell := HeatCell{Value: float64(m.Value), Text: none, Detail: "n = " + thousands(m.Denominator)}
			if m.Value.Defined() {
				cell.Text = shareText(m.Value)
			}
			row = append(row, cell)
		}
		h.Cells = append(h.Cells, row)
	}
	return Figure{Name: "heat-map", Alt: "The fraud rate of the labeled records by session and onboarding cluster, as in the table of the same cells.",
		Picture: Picture{Title: "Fraud rate by session and onboarding cluster", Subtitle: thousands(p.Total.Labeled()) + " labeled records", X: Axis{Label: "Onboarding"}, Y: Axis{Label: "Session"}, Heat: h,
			Notes: []string{"n: labeled records. A cell of few shows a rate that chance alone can make."}}}
}

// heatText prints a cell of the heat map: 1.23 % of 3,400.
func heatText(t replay.Tally) string {
	k, n := t.Records[dataset.Fraud], t.Labeled()
	switch {
	case n == 0:
		return none
	case k == 0:
		return "0 of " + thousands(n)
	}
	return percent(calibrate.Number(float64(k)/float64(n))) + " of " + thousands(n)
}

// heatCells are the cells of the heat map one under the other, with their counts.
func heatCells(p *replay.Profile) *Table {
	t := rateTable("Cells of the heat map", Column{Name: "session"}, Column{Name: "onboarding"})
	t.Name = "heat-map-cells"
	for _, s := range dataset.Clusters {
		for _, o := range dataset.Clusters {
			if p.Pairs[s][o].N() > 0 {
				t.rate(p.Pairs[s][o], textCell(s.String()), textCell(o.String()))
			}
		}
	}
	return t
}
