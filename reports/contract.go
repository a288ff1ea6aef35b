package reports

import (
	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// The types of this file are the JSON contract of replay (DESIGN.md, section 4): names and their order are part of it. The
// inputs are not in it, so that one history gives the same bytes whatever the format of its files.

// schemaVersion counts incompatible changes of the contract.
const schemaVersion = 1

type resultJSON struct {
	SchemaVersion int                 `json:"schema_version"`
	Policy        string              `json:"policy"`
	Read          int64               `json:"read"`
	Records       int64               `json:"records"`
	Rejected      int64               `json:"rejected"`
	Period        *periodJSON         `json:"period"`              // days, null where no record has a time
	Maturity      *maturityJSON       `json:"maturity,omitempty"`  // left out where labels were taken as they are
	Economics     *economicsJSON      `json:"economics,omitempty"` // what costs were counted with
	Actions       object              `json:"actions"`
	Calls         object              `json:"calls"`
	CallCosts     object              `json:"call_costs,omitempty"`       // money, where there are economics
	Time          *timeJSON           `json:"time_to_decision,omitempty"` // where these have latencies
	Entities      *entitiesJSON       `json:"entities,omitempty"`         // where intervals were asked for by entity
	Measures      []measureJSON       `json:"measures"`
	Final         []finalJSON         `json:"final,omitempty"`              // after step-up and review, with treatments in the economics
	Measured      []measuredJSON      `json:"treatment_outcomes,omitempty"` // of production's own treatments, where the history has some
	Capacity      *capacityJSON       `json:"review_capacity,omitempty"`    // where the economics name one
	BreakEven     *breakEvenJSON      `json:"break_even,omitempty"`         // with economics
	CostCurve     *costCurveJSON      `json:"cost_curve,omitempty"`         // where it was asked for
	Groups        []groupJSON         `json:"groups,omitempty"`
	Past          *pastJSON           `json:"past,omitempty"`        // where it is known what production did
	Exploration   *explorationJSON    `json:"exploration,omitempty"` // where it was asked for
	Failures      *failuresJSON       `json:"failures,omitempty"`    // where they were asked for
	Enrollment    *enrollmentJSON     `json:"enrollment,omitempty"`  // likewise
	Assumed       *assumedJSON        `json:"assumed,omitempty"`     // likewise
	Warnings      []calibrate.Warning `json:"warnings"`
	Issues        []issueJSON         `json:"issues"`
}

type groupJSON struct {
	Key      object        `json:"key"`
	Records  int64         `json:"records"`
	Actions  object        `json:"actions"`
	Calls    object        `json:"calls"`
	Measures []measureJSON `json:"measures"`
}

// economicsJSON holds amounts in major units and shares as fractions.
type economicsJSON struct {
	Currency   string       `json:"currency,omitempty"`
	FraudLoss  priceJSON    `json:"fraud_loss"`
	GoodMargin priceJSON    `json:"good_margin"`
	Calls      object       `json:"calls"`
	ReviewCost replay.Money `json:"review_cost"`
	StepUpCost replay.Money `json:"step_up_cost"`
	Latency    object       `json:"latency,omitempty"`    // seconds: [fastest, slowest]
	Treatments object       `json:"treatments,omitempty"` // shares: worst, base and best of each guess
}

type priceJSON struct {
	Fixed replay.Money     `json:"fixed"`
	Share calibrate.Number `json:"share"`
}

func newEconomics(e *replay.Economics) *economicsJSON {
	if e == nil {
		return nil
	}
	price := func(p replay.Price) priceJSON { return priceJSON{p.Fixed, calibrate.Number(float64(p.Share) / 10_000)} }
	out := &economicsJSON{e.Currency, price(e.FraudLoss), price(e.GoodMargin), object{}, e.ReviewCost, e.StepUpCost, nil, treatmentsJSON(e.Treatments)}
	for _, product := range dataset.Products {
		if m, found := e.Calls[product]; found {
			out.Calls = append(out.Calls, member{product, m})
		}
		if l, found := e.Latency[product]; found {
			out.Latency = append(out.Latency, member{product, [2]calibrate.Number{seconds(l.Low), seconds(l.High)}})
		}
	}
	return out
}

type tallyJSON struct {
	Records     int64  `json:"records"`
	Fraud       int64  `json:"fraud"`
	Legit       int64  `json:"legit"`
	Unlabeled   int64  `json:"unlabeled"`
	Amount      Amount `json:"amount"`
	FraudAmount Amount `json:"fraud_amount"`
}

type measureJSON struct {
	Name        string           `json:"name"`
	Numerator   any              `json:"numerator"` // records, or an Amount
	Denominator any              `json:"denominator"`
	Value       calibrate.Number `json:"value"`
	Low         calibrate.Number `json:"low"`
	High        calibrate.Number `json:"high"`
	Confidence  calibrate.Number `json:"confidence"`
	Method      string           `json:"method"`
	// Least and Most bound the value over all that undecided records may become; left out where it does not depend on any.
	Least *calibrate.Number `json:"least,omitempty"`
	Most  *calibrate.Number `json:"most,omitempty"`
}

type issueJSON struct {
	Kind     string      `json:"kind"`
	Count    int64       `json:"count"`
	Rejected bool        `json:"rejected"`
	First    []placeJSON `json:"first"`
}

type placeJSON struct {
	File  string `json:"file"`
	Line  int64  `json:"line"`
	Field string `json:"field"`
	Value string `json:"value"`
}

// replayData returns the contract's value: an object for one policy, a list for any other number.
func (s screen) replayData() any {
	list := make([]resultJSON, 0, len(s.results))
	for i, r := range s.results {
		out := resultJSON{
			SchemaVersion: schemaVersion, Policy: r.Policy.Name,
			Read: s.account.Read, Records: r.Total().N(), Rejected: s.account.Rejected, Period: newPeriod(s.account.Period), Maturity: newMaturity(s.account), Economics: newEconomics(r.Economics),
			Actions: actionsJSON(r.Counts), Calls: callsJSON(r.Policy, r.Counts), Measures: measuresJSON(s.setting(r).Measures(r.Policy, r.Counts)), Final: finalData(r.Economics, r.Policy, r.Counts),
			Warnings: append([]calibrate.Warning{}, calibrate.Warnings(r)...), Issues: issuesJSON(s.account.Issues),
		}
		for _, g := range r.Groups {
			out.Groups = append(out.Groups, groupJSON{keyJSON(s.by, g.Key), g.Total().N(), actionsJSON(g.Counts),
				callsJSON(r.Policy, g.Counts), measuresJSON(s.partSetting(r, &g).Measures(r.Policy, g.Counts))})
		}
		out.Entities = newEntities(r)
		out.Past, out.Exploration = s.pastData(r), s.explorationData(i)
		out.BreakEven, out.Measured, out.Capacity = s.approvalBreakEven(), measuredData(r.Treated), s.capacity(r)
		out.CallCosts, out.Time, out.Failures, out.Enrollment = callCosts(r), s.timeData(r), s.failuresData(r), s.enrollmentData(r)
		out.Assumed = s.assumedData(r)
		list = append(list, out)
	}
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// outcomes lists the rows of every table of actions: the five, then the undecided.
var outcomes = append(append([]dataset.Action(nil), dataset.Actions...), replay.Undecided)

func outcomeName(a dataset.Action) string {
	if a == replay.Undecided {
		return "undecided"
	}
	return a.String()
}

func actionsJSON(c replay.Counts) object {
	var o object
	for _, a := range outcomes {
		o = append(o, member{outcomeName(a), newTally(c.Actions[a])})
	}
	return o
}

func callsJSON(p *replay.Policy, c replay.Counts) object {
	o := object{{p.First, c.Calls[0]}}
	if p.Second != "" {
		o = append(o, member{p.Second, c.Calls[1]})
	}
	return o
}

// keyJSON names a group's values by their fields; a record without a value has null.
func keyJSON(by, key []string) object {
	o := object{}
	for i, field := range by {
		if key[i] == "" {
			o = append(o, member{field, nil})
			continue
		}
		o = append(o, member{field, key[i]})
	}
	return o
}

func measuresJSON(list []calibrate.Measure) []measureJSON {
	var out []measureJSON
	for _, m := range list {
		num, den := parts(m)
		j := measureJSON{Name: m.Name, Numerator: num, Denominator: den, Value: m.Value, Low: m.Low, High: m.High, Confidence: m.Confidence, Method: m.Method}
		if m.Least.Defined() && m.Most.Defined() {
			j.Least, j.Most = &m.Least, &m.Most
		}
		out = append(out, j)
	}
	return out
}

// parts returns a measure's numerator and denominator as they are written: records as int64, amounts as an Amount, costs as
// replay.Money.
func parts(m calibrate.Measure) (num, den any) {
	switch {
	case m.ByValue:
		return Amount(m.Numerator), Amount(m.Denominator)
	case m.Unit == calibrate.PerRecord:
		return replay.Money(m.Numerator), m.Denominator
	}
	return m.Numerator, m.Denominator
}

func issuesJSON(issues []dataset.IssueCount) []issueJSON {
	out := make([]issueJSON, 0, len(issues))
	for _, c := range issues {
		i := issueJSON{Kind: c.Kind.String(), Count: c.Count, Rejected: c.Kind.Rejects(), First: make([]placeJSON, 0, len(c.First))}
		for _, p := range c.First {
			i.First = append(i.First, placeJSON{p.File, p.Line, p.Field, p.Value})
		}
		out = append(out, i)
	}
	return out
}

// replayTidy returns one line for each action, call and measure of each policy and group. A line without group values is
// about the whole history.
func (s screen) replayTidy() *Table {
	t := &Table{Columns: []Column{{Name: "policy"}}}
	for _, field := range s.by {
		t.Columns = append(t.Columns, Column{Name: field})
	}
	// scope tells the whole history from a group whose values are all absent; without groups there is nothing to tell.
	if len(s.by) > 0 {
		t.Columns = append(t.Columns, Column{Name: "scope"})
	}
	for _, name := range []string{"table", "name", "records", "fraud", "legit", "unlabeled", "amount", "fraud_amount",
		"numerator", "denominator", "value", "low", "high", "confidence", "method", "least", "most"} {
		t.Columns = append(t.Columns, Column{Name: name})
	}
	if s.hasFailures() {
		for _, name := range failureColumns {
			t.Columns = append(t.Columns, Column{Name: name})
		}
	}
	for i, r := range s.results {
		lead := []any{r.Policy.Name}
		for range s.by {
			lead = append(lead, nil)
		}
		if len(s.by) > 0 {
			lead = append(lead, "all")
		}
		t.tidy(lead, r.Policy, r.Counts, s.setting(r))
		s.tidyAssumed(t, lead, r)
		tidyEntities(t, lead, r)
		s.tidyCalls(t, lead, r)
		s.tidyPast(t, lead, r)
		s.tidyFinals(t, lead, r)
		s.tidyBreakEven(t, lead)
		s.tidyExploration(t, lead, i)
		s.tidyFailures(t, lead, r)
		s.tidyEnrollment(t, lead, r)
		for _, g := range r.Groups {
			lead := []any{r.Policy.Name}
			for _, k := range g.Key {
				lead = append(lead, k)
			}
			t.tidy(append(lead, "group"), r.Policy, g.Counts, s.partSetting(r, &g))
		}
	}
	return t
}

// tidy appends the lines of one set of counts, each beginning with the cells of lead.
func (t *Table) tidy(lead []any, p *replay.Policy, c replay.Counts, set calibrate.Setting) {
	add := func(values ...any) { t.line(lead, values...) }
	for _, a := range outcomes {
		u := c.Actions[a]
		add("action", outcomeName(a), u.N(), u.Records[dataset.Fraud], u.Records[dataset.Legit], u.Records[dataset.Unlabeled],
			Amount(u.Value()), Amount(u.Amount[dataset.Fraud]))
	}
	for i, product := range []string{p.First, p.Second} {
		if product != "" {
			add("call", product, c.Calls[i])
		}
	}
	for _, m := range set.Measures(p, c) {
		num, den := parts(m)
		add("measure", m.Name, nil, nil, nil, nil, nil, nil, num, den, m.Value, m.Low, m.High, m.Confidence, m.Method, m.Least, m.Most)
	}
}
