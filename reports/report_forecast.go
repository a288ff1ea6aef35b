package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// forecastMeasures are what a report forecasts, each a share of records; of the second half it takes labels to know them.
var (
	forecastNow   = []string{"approval_rate", "review_rate"}
	forecastLater = []string{"fraud_rate", "fraud_capture", "insult_rate"}
)

// forecastConfidence is that of the predictions of one policy together: of five that hold with 95 % each, one is outside in every
// sixth month in which nothing has changed, and a report that called this more than chance would be wrong.
const forecastConfidence = 0.95

// forecastEach is the confidence of one prediction (Bonferroni).
func forecastEach() float64 {
	return 1 - (1-forecastConfidence)/float64(len(forecastNow)+len(forecastLater))
}

// predictionHead is the heading of the predictions.
func predictionHead() string { return confidenceText(forecastConfidence) + ", together" }

// A forecastJSON is what a policy is expected to do with the records that come next, and what it did up to then: the next report
// subtracts, so that what became known since is held against the forecast and nothing else is.
type forecastJSON struct {
	Role     string                `json:"role"` // champion or proposed
	Policy   policyJSON            `json:"policy"`
	Measures []forecastMeasureJSON `json:"measures"`
	Months   []forecastMonthJSON   `json:"months"`
}

type policyJSON struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	YAML   string `json:"yaml"`
}

// A forecastMeasureJSON expects of the next records that of so many (Next) between Low and High are counted, both included, after K
// of N were.
type forecastMeasureJSON struct {
	Name       string           `json:"name"`
	Basis      string           `json:"basis"` // the period that K of N are of
	K          int64            `json:"k"`
	N          int64            `json:"n"`
	Next       int64            `json:"next"`
	Low        int64            `json:"low"`
	High       int64            `json:"high"`
	Expected   calibrate.Number `json:"expected"`
	Confidence calibrate.Number `json:"confidence"`
}

// A forecastMonthJSON counts what was known of a month.
type forecastMonthJSON struct {
	Month  string      `json:"month"`
	Counts []countJSON `json:"counts"`
}

type countJSON struct {
	Name string `json:"name"`
	K    int64  `json:"k"`
	N    int64  `json:"n"`
}

func newPolicyJSON(p *replay.Policy) policyJSON {
	return policyJSON{p.Name, p.Hash(), string(p.YAML())}
}

// countsOf are the numerators and denominators of the measures that are forecast.
func countsOf(p *replay.Policy, c replay.Counts) []countJSON {
	var out []countJSON
	list := calibrate.Measures(p, c, forecastConfidence)
	for _, name := range slices.Concat(forecastNow, forecastLater) {
		m, _ := calibrate.Find(list, name)
		out = append(out, countJSON{name, m.Numerator, m.Denominator})
	}
	return out
}

func countNamed(list []countJSON, name string) countJSON {
	if i := slices.IndexFunc(list, func(c countJSON) bool { return c.Name == name }); i >= 0 {
		return list[i]
	}
	return countJSON{Name: name}
}

// forecasts are those of the champion and, where a change is proposed, of the proposed policy. Without months there is none.
func (m monthly) forecasts() []forecastJSON {
	out := []forecastJSON{}
	if m.Month == "" {
		return out
	}
	out = append(out, m.forecast("champion", m.Results[0], nil))
	if at := m.proposed(); at != nil && m.decide() == decideChange {
		for _, v := range m.Versus {
			if v.Result.Policy == at.Policy {
				out = append(out, m.forecast("proposed", v.Result, at))
			}
		}
	}
	return out
}

// forecast expects what needs no label from the month of the report, and the rest from the last window of the calibration, or from
// all records where there is none.
func (m monthly) forecast(role string, r replay.Result, at *calibrate.Candidate) forecastJSON {
	out := forecastJSON{Role: role, Policy: newPolicyJSON(r.Policy)}
	months := only(r, replay.Month)
	var now replay.Counts
	for _, g := range months.Groups {
		out.Months = append(out.Months, forecastMonthJSON{g.Key[0], countsOf(r.Policy, g.Counts)})
		if g.Key[0] == m.Month {
			now = g.Counts
		}
	}
	later, basis, length := r.Counts, "all records", int64(max(1, len(months.Groups)))
	if m.advice != nil {
		last := len(m.advice.Windows) - 1
		w := m.advice.Windows[last]
		later, basis, length = m.advice.Current[last], w.String(), max(1, (w.Days()+15)/30)
		if at != nil {
			later = at.Counts[last]
		}
	}
	add := func(names []string, c replay.Counts, basis string, months int64) {
		counts := countsOf(r.Policy, c)
		for _, name := range names {
			x := countNamed(counts, name)
			next := min((x.N+months/2)/months, calibrate.MaxPredicted)
			p, found := calibrate.Predict(x.K, x.N, next, forecastEach())
			if found {
				out.Measures = append(out.Measures, forecastMeasureJSON{name, basis, x.K, x.N, next, p.Low, p.High, p.Expected, p.Confidence})
			}
		}
	}
	add(forecastNow, now, m.Month, 1)
	add(forecastLater, later, basis, length)
	return out
}

// forecastBlocks hold the last report's forecast against what came, and make the next one.
func (m monthly) forecastBlocks() []Block {
	var out []Block
	out = append(out, m.realisedBlocks()...)
	for _, f := range m.forecasts() {
		out = append(out, f.table())
	}
	if m.Month == "" {
		out = append(out, Paragraph("Nothing is forecast: no record has a time."))
	}
	return out
}

// table shows a forecast as rates.
func (f forecastJSON) table() *Table {
	t := &Table{Name: "forecast-" + f.Role, Caption: fmt.Sprintf("What %s (%s) is expected to do next", f.Policy.Name, f.Role),
		Columns: []Column{{Name: "measure"}, {Name: "basis"}, {Name: "counted", Align: Right, Extra: true}, {Name: "rate", Align: Right},
			{Name: "next", Head: "of the next", Align: Right}, {Name: "expected", Align: Right}, {Name: "interval", Head: predictionHead(), Align: Right}}}
	for _, x := range f.Measures {
		t.Rows = append(t.Rows, []Cell{textCell(measureWords(x.Name)), textCell(x.Basis), textCell(thousands(x.K) + " of " + thousands(x.N)), shareOf(x.K, x.N),
			countCell(x.Next), {x.Expected, thousands(int64(math.Round(float64(x.Expected))))}, textCell(thousands(x.Low) + " – " + thousands(x.High))})
	}
	t.Footnotes = []string{fmt.Sprintf("If the rates stay as they were: the beta-binomial of Jeffreys' posterior, which knows the chance of the coming records too, and takes records as independent. Each holds with %s, and so all together with %s. A count outside of it is news.",
		confidenceText(forecastEach()), confidenceText(forecastConfidence))}
	return t
}

func shareOf(k, n int64) Cell {
	m := calibrate.Rate("", k, n, forecastConfidence)
	text, _ := measureText(m)
	return Cell{m.Value, text}
}

// realisedBlocks set the previous report's forecast beside what became known since.
func (m monthly) realisedBlocks() []Block {
	switch {
	case m.Previous == nil:
		return lacking("No previous report was given (--previous report.json), so no forecast is held against what came.")
	case m.Previous.Month >= m.Month:
		return lacking("The previous report is of %s and this one of %s: nothing came between them.", m.Previous.Month, orNone(m.Month))
	}
	f := m.Previous.inForce(m.Champion)
	t := &Table{Name: "realised", Caption: fmt.Sprintf("What %s did since the report of %s, which forecast it as %s", f.Policy.Name, m.Previous.Month, f.Role),
		Columns: []Column{{Name: "measure"}, {Name: "forecast", Head: "forecast from", Align: Right}, {Name: "since", Head: "known since", Align: Right}, {Name: "rate", Align: Right},
			{Name: "prediction", Head: predictionHead(), Align: Right}, {Name: "result"}}}
	var outside []string
	for _, x := range m.realised(f) {
		t.Rows = append(t.Rows, x.cells())
		if x.Result == "above" || x.Result == "below" {
			outside = append(outside, measureWords(x.Name)+" "+x.Result)
		}
	}
	verdict := "What became known since is within the predictions, as far as it is known."
	if outside != nil {
		verdict = fmt.Sprintf("More than chance explains, at %s for all of them together: %s what was predicted.", confidenceText(forecastConfidence), strings.Join(outside, ", "))
	}
	t.Footnotes = []string{"Known since: of approvals and reviews the records of later months; of what takes a label, those whose label became final since, of whatever month."}
	if m.account.Mature == nil {
		t.Footnotes = append(t.Footnotes, "Labels are taken as they are: a record that counted as legit then and as fraud now adds a fraud and no record, so that late reports look like a rise (--maturity DAYS).")
	}
	return []Block{Paragraph(verdict), t}
}

// A realisedJSON is one measure of a forecast beside what came of it. Result is inside, above, below, unknown while no record counts
// yet, or inconsistent where the records of the two reports are not of one history, or their labels final at another age.
type realisedJSON struct {
	Name   string `json:"name"`
	FromK  int64  `json:"forecast_k"`
	FromN  int64  `json:"forecast_n"`
	K      int64  `json:"k"`
	N      int64  `json:"n"`
	Low    *int64 `json:"low"` // predicted counts of N, null where nothing came
	High   *int64 `json:"high"`
	Result string `json:"result"`
}

// realised subtracts what the previous report knew from what is known now: of what takes a label in all months, of the rest in those
// after it, of which it knew nothing.
func (m monthly) realised(f forecastJSON) []realisedJSON {
	var out []realisedJSON
	for _, x := range f.Measures {
		r := realisedJSON{Name: x.Name, FromK: x.K, FromN: x.N}
		late := slices.Contains(forecastLater, x.Name)
		for _, g := range only(m.Realised, replay.Month).Groups {
			if now := countNamed(countsOf(m.Realised.Policy, g.Counts), x.Name); late || g.Key[0] > m.Previous.Month {
				r.K, r.N = r.K+now.K, r.N+now.N
			}
		}
		for _, month := range f.Months {
			if then := countNamed(month.Counts, x.Name); late {
				r.K, r.N = r.K-then.K, r.N-then.N
			}
		}
		if r.judge(x); late && !m.sameMaturity() {
			r.K, r.N, r.Low, r.High, r.Result = 0, 0, nil, nil, "inconsistent"
		}
		out = append(out, r)
	}
	return out
}

// sameMaturity tells that labels are final at the age at which the previous report took them to be. If not, records of one age changed
// their labels between the two, and what became known since is no sample of what was forecast.
func (m monthly) sameMaturity() bool {
	days := 0
	if now := newMaturity(m.account); now != nil {
		days = now.Days
	}
	return days == m.Previous.maturityDays
}

// judge says where the count is to its prediction.
func (r *realisedJSON) judge(x forecastMeasureJSON) {
	switch {
	case r.K < 0 || r.N < 0 || r.K > r.N || r.N > calibrate.MaxPredicted:
		r.Result = "inconsistent"
		return
	case r.N == 0:
		r.Result = "unknown"
		return
	}
	p, _ := calibrate.Predict(x.K, x.N, r.N, forecastEach())
	r.Low, r.High = &p.Low, &p.High
	switch {
	case r.K < p.Low:
		r.Result = "below"
	case r.K > p.High:
		r.Result = "above"
	default:
		r.Result = "inside"
	}
}

func (r realisedJSON) cells() []Cell {
	row := []Cell{textCell(measureWords(r.Name)), textCell(thousands(r.FromK) + " of " + thousands(r.FromN)), textCell(none), {nil, none}, textCell(none), textCell(r.Result)}
	switch r.Result {
	case "unknown":
		row[5] = textCell("not known yet: no such record is mature")
		if slices.Contains(forecastNow, r.Name) {
			row[5] = textCell("not known yet: no later record")
		}
	case "inconsistent":
		row[5] = textCell("not comparable: the records known then are not all in these files, or --maturity was another")
	default:
		row[2], row[3] = textCell(thousands(r.K)+" of "+thousands(r.N)), shareOf(r.K, r.N)
		row[4] = textCell(thousands(*r.Low) + " – " + thousands(*r.High))
	}
	return row
}
