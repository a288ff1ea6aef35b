package reports

import (
	"fmt"
	"strconv"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// scores are what is measured of the scores of a profile, in the order of its products.
type scores struct {
	products []calibrate.Performance
	// first, second and difference compare session and onboarding over the same records; compared is false where no legit, or
	// no fraud, has both scores.
	first, second calibrate.Area
	difference    calibrate.Difference
	compared      bool
}

func scoresOf(p *replay.Profile) scores {
	var s scores
	for i := range p.Products {
		s.products = append(s.products, calibrate.PerformanceOf(&p.Products[i], inspectConfidence))
	}
	s.first, s.second, s.difference = calibrate.CompareAreas(calibrate.PairsOf(p), inspectConfidence)
	s.compared = s.difference.Value.Defined()
	return s
}

// scoreBlocks say how well each score ranks frauds below legits: one line for each product, the gains of those that are shown
// in pictures, and the two that decide together side by side.
func scoreBlocks(p *replay.Profile, s scores) []Block {
	if p.Total.Labeled() == 0 {
		return nil // told once, in what the history cannot answer
	}
	t := &Table{Caption: "Scores against outcomes", Columns: []Column{{Name: "product"}, {Name: "fraud", Align: Right}, {Name: "legit", Align: Right},
		{Name: "auc", Head: "AUC", Align: Right}, {Name: "interval", Head: "95 % interval", Align: Right}, {Name: "gini", Head: "Gini", Align: Right},
		{Name: "ks", Head: "KS", Align: Right}, {Name: "ks_score", Head: "at score", Align: Right}}}
	var gains []Block
	for i, perf := range s.products {
		if scored(&p.Products[i]) == 0 {
			continue
		}
		t.Rows = append(t.Rows, performanceCells(perf))
		switch {
		case perf.Lacks != "":
			t.Footnotes = append(t.Footnotes, fmt.Sprintf("%s: n/a, because %s.", perf.Product, perf.Lacks))
			continue
		case perf.Area.High < 0.5: // an undefined bound is not below
			t.Footnotes = append(t.Footnotes, perf.Product+": frauds score above legit records. 1000 is the most trusted here: is it in the data, and are the labels the right way round?")
		}
		if !part(perf.Product) {
			gains = append(gains, gainsTable(perf))
		}
	}
	if len(t.Rows) == 0 {
		return nil
	}
	t.Footnotes = append(t.Footnotes, "AUC: how often a legit record scores above a fraud, ties by half; 0.5 tells nothing apart. Interval: DeLong, records taken as "+
		"independent; n/a where no rank varies. KS: the largest distance between the shares of frauds and legits at or below a score. "+
		"Each product on the labeled records that it scored, which need not be the same.")
	if b := p.Actions[dataset.Block]; b.N() > 0 && float64(b.Labeled()) < minCoverage*float64(b.N()) {
		t.Footnotes = append(t.Footnotes, fmt.Sprintf("%s blocked records have no outcome. A score that production acted on has lost its clearest frauds there, and "+
			"looks worse here than it is.", thousands(b.N()-b.Labeled())))
	}
	return append(append([]Block{t}, gains...), s.pairBlocks()...)
}

func performanceCells(p calibrate.Performance) []Cell {
	at := Cell{nil, undefined}
	if p.KS.Defined() {
		at = countCell(int64(p.KSScore))
	}
	return []Cell{textCell(p.Product), countCell(p.Area.Fraud), countCell(p.Area.Legit), fractionCell(p.Area.AUC), textCell(fractionRange(p.Area.Low, p.Area.High)),
		fractionCell(p.Area.Gini), fractionCell(p.KS), at}
}

// fractionText prints a statistic that nobody reads in percent.
func fractionText(v calibrate.Number) string {
	if !v.Defined() {
		return undefined
	}
	return strconv.FormatFloat(float64(v), 'f', 4, 64)
}

func fractionCell(v calibrate.Number) Cell { return Cell{v, fractionText(v)} }

func fractionRange(low, high calibrate.Number) string {
	if !low.Defined() {
		return undefined
	}
	return fractionText(low) + " – " + fractionText(high)
}

// gainsTable shows the deciles of a score.
func gainsTable(p calibrate.Performance) *Table {
	t := rateTable(fmt.Sprintf("Lift and gains of %s by deciles of its score, least trusted first", p.Product), Column{Name: "score"})
	t.Columns = append(t.Columns, Column{Name: "lift", Align: Right}, Column{Name: "cumulative_lift", Head: "cumulative", Align: Right}, Column{Name: "gain", Head: "gains", Align: Right})
	for _, b := range p.Bands {
		t.rate(bandTally(b), textCell(bandRange(b)))
		last := len(t.Rows) - 1
		t.Rows[last] = append(t.Rows[last], liftCell(b.Lift), liftCell(b.CumulativeLift), Cell{b.Gain, percent(b.Gain)})
	}
	t.Footnotes = []string{"Of the labeled records with a score; those of one score are in one band. Lift: fraud rate of the band over that of all, cumulative with " +
		"those below it. Gains: share of all frauds up to here."}
	return t
}

func liftCell(v calibrate.Number) Cell {
	if !v.Defined() {
		return Cell{v, undefined}
	}
	return Cell{v, decimals(v)}
}

func bandRange(b calibrate.Band) string { return fmt.Sprintf("%d-%d", b.Low, b.High) }

func bandTally(b calibrate.Band) replay.Tally { return replay.Tally{Records: b.Records} }

// pairBlocks compare the scores of session and onboarding on the records that both scored.
func (s scores) pairBlocks() []Block {
	if !s.compared {
		return nil
	}
	d := s.difference
	verdict := fmt.Sprintf("onboarding less session %s (95 %% interval %s – %s, p %s): DeLong, paired",
		signedText(d.Value, 4), signedText(d.Low, 4), signedText(d.High, 4), pText(d))
	switch {
	case pText(d) == identical:
		verdict = "none: the two scores are the same on each of them"
	case !d.P.Defined():
		verdict = "onboarding less session " + signedText(d.Value, 4) + ", without an interval: too few of them, or no rank varies"
	}
	return []Block{KeyValues{Caption: "Session and onboarding on the labeled records that both scored", Pairs: []Pair{
		{"records", textCell(fmt.Sprintf("%s fraud, %s legit", thousands(s.first.Fraud), thousands(s.first.Legit)))},
		{"AUC of session", textCell(areaText(s.first))},
		{"AUC of onboarding", textCell(areaText(s.second))},
		{"difference", textCell(verdict)},
	}}}
}

func areaText(a calibrate.Area) string {
	return fmt.Sprintf("%s (95 %% interval %s)", fractionText(a.AUC), fractionRange(a.Low, a.High))
}

// The types below are a part of the JSON form of inspect.

// performanceJSON is null in every figure that is undefined; lacks then says why.
type performanceJSON struct {
	Fraud      int64            `json:"fraud"`
	Legit      int64            `json:"legit"`
	AUC        calibrate.Number `json:"auc"`
	Low        calibrate.Number `json:"low"` // of the auc, by the method
	High       calibrate.Number `json:"high"`
	Confidence calibrate.Number `json:"confidence"`
	Method     string           `json:"method"`
	Gini       calibrate.Number `json:"gini"`
	KS         calibrate.Number `json:"ks"`
	KSScore    *int             `json:"ks_score"` // the lowest score at which the ks is reached, itself on the untrusted side
	Bands      []bandJSON       `json:"bands"`    // deciles of the labeled records, least trusted first
	Lacks      string           `json:"lacks,omitempty"`
}

type bandJSON struct {
	Low       int              `json:"low_score"` // both included
	High      int              `json:"high_score"`
	Fraud     int64            `json:"fraud"`
	Legit     int64            `json:"legit"`
	Unlabeled int64            `json:"unlabeled"`
	FraudRate calibrate.Number `json:"fraud_rate"`
	RateLow   calibrate.Number `json:"low"`
	RateHigh  calibrate.Number `json:"high"`
	Lift      calibrate.Number `json:"lift"`
	Cumulated calibrate.Number `json:"cumulative_lift"`
	Gain      calibrate.Number `json:"gain"`
}

// scoresJSON compares session and onboarding on the labeled records that both scored.
type scoresJSON struct {
	Fraud      int64            `json:"fraud"`
	Legit      int64            `json:"legit"`
	Session    calibrate.Number `json:"session_auc"`
	Onboarding calibrate.Number `json:"onboarding_auc"`
	Difference differenceJSON   `json:"difference"` // onboarding less session
}

func newPerformance(perf calibrate.Performance) performanceJSON {
	out := performanceJSON{Fraud: perf.Area.Fraud, Legit: perf.Area.Legit, AUC: perf.Area.AUC, Low: perf.Area.Low, High: perf.Area.High,
		Confidence: perf.Area.Confidence, Method: calibrate.MethodDeLong, Gini: perf.Area.Gini, KS: perf.KS, Bands: []bandJSON{}, Lacks: perf.Lacks}
	if !perf.Area.Low.Defined() {
		out.Method = calibrate.MethodNone
	}
	if perf.KS.Defined() {
		out.KSScore = &perf.KSScore
	}
	for _, b := range perf.Bands {
		out.Bands = append(out.Bands, bandJSON{b.Low, b.High, b.Records[dataset.Fraud], b.Records[dataset.Legit], b.Records[dataset.Unlabeled],
			b.FraudRate.Value, b.FraudRate.Low, b.FraudRate.High, b.Lift, b.CumulativeLift, b.Gain})
	}
	return out
}

// data returns nil where no comparison can be made.
func (s scores) data() *scoresJSON {
	if !s.compared {
		return nil
	}
	d := s.difference
	shown := isShown(d, inspectConfidence)
	out := differenceJSON{d.Value, d.SE, d.Low, d.High, d.P, d.Confidence, d.Method, &shown}
	return &scoresJSON{s.first.Fraud, s.first.Legit, d.First, d.Second, out}
}

// scoreTidy adds the lines of one product: its statistics, then its bands.
func (t *Table) scoreTidy(perf calibrate.Performance) {
	if perf.Lacks != "" {
		return
	}
	a := perf.Area
	t.statistic("auc", perf.Product, "", a, a.AUC, a.Low, a.High)
	u := calibrate.Undefined()
	t.statistic("gini", perf.Product, "", a, a.Gini, u, u)
	t.statistic("ks", perf.Product, strconv.Itoa(perf.KSScore), a, perf.KS, u, u)
	for _, b := range perf.Bands {
		u, r := bandTally(b), b.FraudRate
		t.line(nil, "band", perf.Product, bandRange(b), u.N(), u.Records[dataset.Fraud], u.Records[dataset.Legit], u.Records[dataset.Unlabeled], nil, nil,
			r.Value, r.Low, r.High, nil, b.Lift, b.CumulativeLift, b.Gain)
	}
}

// statistic appends the line of a statistic over labeled records.
func (t *Table) statistic(name, key, value string, a calibrate.Area, estimate, low, high calibrate.Number) {
	t.line(nil, name, key, value, a.Legit+a.Fraud, a.Fraud, a.Legit, int64(0), nil, nil, nil, low, high, estimate)
}
