package reports

import (
	"slices"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// The types of this file are the part of replay's JSON contract that --failures adds.

type failuresJSON struct {
	Answers   []answersJSON  `json:"answers"`
	Handlings []handlingJSON `json:"handlings"`
}

// An answersJSON says what became of the question to a product. Months are null where no month was counted.
type answersJSON struct {
	Product string      `json:"product"`
	First   bool        `json:"first"` // the policy's first product, of which a record that holds nothing was asked in vain
	Asked   int64       `json:"asked"`
	Answers []fateJSON  `json:"answers"`
	Failed  measureJSON `json:"failed"` // share of the asked
	Months  []monthJSON `json:"months"`
}

type monthJSON struct {
	Month   *string     `json:"month"` // null for records without a time
	Asked   int64       `json:"asked"`
	Answers []fateJSON  `json:"answers"`
	Failed  measureJSON `json:"failed"`
}

// A fateJSON counts the records of an answer: ok, missing, processing, error, unclustered, absent, not_called.
type fateJSON struct {
	Answer string `json:"answer"`
	tallyJSON
	Share     *measureJSON `json:"share"` // of the asked, null where the answer means that there was no question
	FraudRate measureJSON  `json:"fraud_rate"`
}

type handlingJSON struct {
	Name string `json:"name"`
	// AsGiven is set where the policy does so already; Policy is the file that would do it.
	AsGiven  bool           `json:"as_given"`
	Policy   string         `json:"policy"`
	Affected []affectedJSON `json:"affected"`
	Actions  object         `json:"actions"` // of the whole history, as are the following
	Calls    object         `json:"calls"`
	Measures []measureJSON  `json:"measures"`
	Bounds   object         `json:"bounds"` // by measure: whatever would have been decided on undecided records
	// Changes are against the policy as given, by measure; null where records are undecided.
	Changes object `json:"changes"`
}

// An affectedJSON counts the records of which a failed answer of the product decides.
type affectedJSON struct {
	Failed  string `json:"failed"`
	Actions object `json:"actions"`
}

type boundsJSON struct {
	Low  calibrate.Number `json:"low"`
	High calibrate.Number `json:"high"`
}

func (s screen) failuresData(r replay.Result) *failuresJSON {
	if r.Failures == nil {
		return nil
	}
	out := &failuresJSON{}
	for i := range r.Failures.Answers {
		a := &r.Failures.Answers[i]
		lines, failed := s.fateLines(a, a.Fates)
		product := answersJSON{a.Product, a.First, a.Asked(a.Fates).N(), lines, failed, nil}
		for _, m := range a.Months {
			lines, failed := s.fateLines(a, m.Fates)
			month := monthJSON{nil, a.Asked(m.Fates).N(), lines, failed}
			if m.Month != "" {
				month.Month = &m.Month
			}
			product.Months = append(product.Months, month)
		}
		out.Answers = append(out.Answers, product)
	}
	for _, h := range r.Failures.Handled {
		out.Handlings = append(out.Handlings, s.handlingData(r, h))
	}
	return out
}

func (s screen) fateLines(a *replay.Answers, f replay.Fates) (lines []fateJSON, failed measureJSON) {
	n := a.Asked(f).N()
	for _, x := range fates(a, f) {
		line := fateJSON{Answer: x.id, tallyJSON: newTally(x.tally), FraudRate: s.rateJSON("fraud_rate", x.tally.Records[dataset.Fraud], x.tally.Labeled())}
		if x.asked {
			share := s.rateJSON("share", x.tally.N(), n)
			line.Share = &share
		}
		lines = append(lines, line)
	}
	return lines, s.rateJSON("failed", a.Failed(f).N(), n)
}

func (s screen) rateJSON(name string, k, n int64) measureJSON {
	return measuresJSON([]calibrate.Measure{s.rate(name, k, n)})[0]
}

func (s screen) handlingData(r replay.Result, h replay.Handled) handlingJSON {
	_, c := h.Counts()
	out := handlingJSON{Name: h.Name, AsGiven: h.Same, Policy: string(h.Policy.YAML()), Actions: actionsJSON(c), Calls: callsJSON(h.Policy, c),
		Measures: measuresJSON(s.handlingMeasures(r, h))}
	for i, a := range r.Failures.Answers {
		out.Affected = append(out.Affected, affectedJSON{a.Product, actionsJSON(h.Affected[i])})
	}
	for _, name := range []string{"approval_rate", "fraud_rate"} {
		m, _ := calibrate.Find(s.handlingMeasures(r, h), name)
		b := boundsJSON{m.Least, m.Most}
		if !m.Least.Defined() { // no undecided record moves it
			b = boundsJSON{m.Value, m.Value}
		}
		out.Bounds = append(out.Bounds, member{name, b})
	}
	if c.Actions[replay.Undecided].N() == 0 {
		d := paired(nil, &h.Swap, s.confidence)
		out.Changes = object{{"approval_rate", newDifference(d[0], s.confidence)}, {"fraud_rate", newDifference(d[1], s.confidence)}}
	} else {
		out.Changes = object{{"approval_rate", nil}, {"fraud_rate", nil}}
	}
	return out
}

// handlingMeasures are those of the history under a handling; reviews are not counted by day.
func (s screen) handlingMeasures(r replay.Result, h replay.Handled) []calibrate.Measure {
	_, c := h.Counts()
	set := calibrate.Setting{Confidence: s.confidence, Days: calibrate.Days(s.account.Period), Economics: r.Economics, Open: &h.Open}
	return set.Measures(h.Policy, c)
}

// failureColumns are the columns that failures add to the tidy table. failed_month is empty for the whole history.
var failureColumns = []string{"failed_product", "failed_month", "handling"}

func (s screen) hasFailures() bool {
	return slices.ContainsFunc(s.results, func(r replay.Result) bool { return r.Failures != nil })
}

// tidyFailures appends lines of four tables: answer (by product, and by month), affected (actions on the records of which a
// failed answer decides), handling (measures of the whole) and handling_change (against the policy as given).
func (s screen) tidyFailures(t *Table, lead []any, r replay.Result) {
	if r.Failures == nil {
		return
	}
	for i := range r.Failures.Answers {
		a := &r.Failures.Answers[i]
		s.tidyFates(t, lead, a, a.Fates, "answer", nil)
		for _, m := range a.Months {
			s.tidyFates(t, lead, a, m.Fates, "answer_by_month", m.Month)
		}
	}
	for _, h := range r.Failures.Handled {
		for i, a := range r.Failures.Answers {
			for _, action := range outcomes {
				t.line(lead, append(slices.Concat([]any{"affected", outcomeName(action)}, tallyLine(h.Affected[i].Actions[action]), make([]any, 9)), a.Product, nil, h.Name)...)
			}
		}
		_, c := h.Counts()
		for _, m := range s.handlingMeasures(r, h) {
			num, den := parts(m)
			t.line(lead, append(slices.Concat([]any{"handling", m.Name}, make([]any, 6)), num, den, m.Value, m.Low, m.High, m.Confidence, m.Method, m.Least, m.Most, nil, nil, h.Name)...)
		}
		if c.Actions[replay.Undecided].N() > 0 {
			continue
		}
		for i, d := range paired(nil, &h.Swap, s.confidence) {
			name := []string{"approval_rate", "fraud_rate"}[i]
			t.line(lead, append(slices.Concat([]any{"handling_change", name}, make([]any, 8)), d.Value, d.Low, d.High, d.Confidence, d.Method, nil, nil, nil, nil, h.Name)...)
		}
	}
}

func (s screen) tidyFates(t *Table, lead []any, a *replay.Answers, f replay.Fates, table string, month any) {
	n := a.Asked(f).N()
	for _, x := range fates(a, f) {
		share := make([]any, 9)
		if x.asked {
			m := s.rate("share", x.tally.N(), n)
			share = []any{m.Numerator, m.Denominator, m.Value, m.Low, m.High, m.Confidence, m.Method, nil, nil}
		}
		t.line(lead, append(slices.Concat([]any{table, x.id}, tallyLine(x.tally), share), a.Product, month)...)
	}
}

// tallyLine are the cells of a tally in the tidy table.
func tallyLine(u replay.Tally) []any {
	return []any{u.N(), u.Records[dataset.Fraud], u.Records[dataset.Legit], u.Records[dataset.Unlabeled], Amount(u.Value()), Amount(u.Amount[dataset.Fraud])}
}
