package calibrate

import (
	"encoding/json"
	"math"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A Number is a float that may be undefined: NaN here, null in JSON. It is never infinite and never -0.
type Number float64

// Undefined is the value of 0/0.
func Undefined() Number { return Number(math.NaN()) }

// Defined reports whether n has a value.
func (n Number) Defined() bool { return !math.IsNaN(float64(n)) }

// MarshalJSON writes the shortest text that reads back as n, or null.
func (n Number) MarshalJSON() ([]byte, error) {
	if !n.Defined() {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (n *Number) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*n = Undefined()
		return nil
	}
	return json.Unmarshal(text, (*float64)(n))
}

// Methods of an interval.
const (
	MethodWilson = "wilson"
	MethodNone   = "none" // no interval is claimed
)

// Units of a measure's value.
const (
	Share = "share" // 0..1
	BPS   = "bps"   // hundredths of a percent
	Odds  = "x:1"   // so many of the one for each of the other

	PerRecord = "money_per_record" // major units of money for each record
	PerDay    = "per_day"          // records on a calendar day
)

// A Measure is a ratio of two counts, or of two amounts.
type Measure struct {
	Name string
	// Numerator and Denominator count records, or minor units of money where ByValue is set. In the unit PerRecord the numerator
	// is a replay.Money, in PerDay the denominator counts days.
	Numerator, Denominator int64
	ByValue                bool
	// Value is in Unit; it is undefined where the denominator is 0.
	Value Number
	Unit  string
	// Low and High bound the value at the Confidence, both included. They are undefined, and Confidence too, where Method is
	// MethodNone. By value there is an interval, an approximate one, where the question asked for the spread of the amounts.
	Low, High, Confidence Number
	Method                string
	// Least and Most bound the value over all that the undecided records may become, both included; they are undefined where
	// none is undecided, and where the measure does not depend on them. The interval is then around both.
	Least, Most Number
	// Ceiling is the one-sided upper bound of a share of which nothing was counted, where it does not follow from the counts;
	// else it is undefined.
	Ceiling Number
}

// Bounded reports whether the measure is a range, because records are undecided.
func (m Measure) Bounded() bool { return m.Least.Defined() && m.Most.Defined() && m.Least != m.Most }

// AtMost returns the one-sided upper bound of a share of which nothing was counted: what to print instead of a bare 0.
// found is false for every other measure.
func (m Measure) AtMost() (bound Number, found bool) {
	if m.Method == MethodKornGraubard && m.Numerator == 0 && m.Unit == Share && !m.Bounded() {
		return m.Ceiling, m.Ceiling.Defined()
	}
	if m.Method != MethodWilson || m.Unit != Share || m.Numerator != 0 || m.Bounded() {
		return Undefined(), false
	}
	return Number(UpperBound(0, m.Denominator, 1-float64(m.Confidence))), true
}

// A region is a set of actions and a set of labels: n(X,y) in METRICS.md is the count of region{X, y}.
type region struct{ actions, labels uint8 }

// Sets of actions and of labels, as bits.
const (
	undecided uint8 = 1 << dataset.NoAction
	approved  uint8 = 1<<dataset.Approve | 1<<dataset.Monitor
	monitored uint8 = 1 << dataset.Monitor
	steppedUp uint8 = 1 << dataset.StepUp
	reviewed  uint8 = 1 << dataset.Review
	blocked   uint8 = 1 << dataset.Block
	stopped         = steppedUp | reviewed | blocked
	all             = undecided | approved | stopped

	fraud   uint8 = 1 << dataset.Fraud
	legit   uint8 = 1 << dataset.Legit
	labeled       = fraud | legit
	whoever       = labeled | 1<<dataset.Unlabeled
)

// A definition is a ratio of two regions.
type definition struct {
	name, unit string
	num, den   region
}

// definitions is METRICS.md as a table. Each line is a ratio of two regions, by count and, with the suffix _value, by
// amount. Undecided records are in "all" and in no action: a fraud on which the policy has not decided is neither captured
// nor missed, so capture and miss add up to less than 1 and neither flatters the policy.
var definitions = []definition{
	{"approval_rate", Share, region{approved, whoever}, region{all, whoever}},
	{"good_approval_rate", Share, region{approved, legit}, region{all, legit}},
	{"fraud_rate", Share, region{approved, fraud}, region{approved, labeled}},
	{"fraud_capture", Share, region{stopped, fraud}, region{all, fraud}},
	{"block_capture", Share, region{blocked, fraud}, region{all, fraud}},
	{"fraud_miss", Share, region{approved, fraud}, region{all, fraud}},
	{"insult_rate", Share, region{blocked, legit}, region{all, legit}},
	{"friction_rate", Share, region{stopped, legit}, region{all, legit}},
	{"false_positive_ratio", Odds, region{blocked, legit}, region{blocked, fraud}},
	{"precision", Share, region{blocked, fraud}, region{blocked, labeled}},
	{"monitor_rate", Share, region{monitored, whoever}, region{all, whoever}},
	{"step_up_rate", Share, region{steppedUp, whoever}, region{all, whoever}},
	{"review_rate", Share, region{reviewed, whoever}, region{all, whoever}},
	{"block_rate", Share, region{blocked, whoever}, region{all, whoever}},
	{"undecided_rate", Share, region{undecided, whoever}, region{all, whoever}},
	{"fraud_pressure", Share, region{all, fraud}, region{all, labeled}},
	{"label_coverage", Share, region{all, labeled}, region{all, whoever}},
}

// A Setting is what measures depend on beside a policy and its counts.
type Setting struct {
	// Confidence is that of the intervals, such as 0.95.
	Confidence float64
	// Days is the number of calendar days that the counts are from, as Days returns it; 0 where no time is known.
	Days int64
	// ReviewsByDay are the reviews of each of these days that has records, nil where the counts were not split by day.
	ReviewsByDay []int64
	// Economics say what records cost; without them there is no measure of cost.
	Economics *replay.Economics
	// Open are the undecided records of the counts; with nil, measures are of what is decided alone.
	Open *replay.Open
	// Dependence says how records fall to entities; with nil, intervals take records as independent.
	Dependence *replay.Dependence
}

// Measures returns all measures of what policy p did: those of the function Measures, those of reviews per day, and the costs
// where there are economics, in a fixed order.
func (s Setting) Measures(p *replay.Policy, c replay.Counts) []Measure {
	out := append(append(Measures(p, c, s.Confidence), s.perDay(c)...), s.costs(p, c)...)
	if b := newBounder(p, c, s.Open); b != nil {
		for i := range out {
			out[i] = b.bound(out[i], p, s)
		}
	}
	if s.Dependence != nil {
		s.dependent(out, p)
	}
	return out
}

// Measures returns the measures of what policy p did that its counts alone decide: those by count, the call rate of its second
// product and the label coverage of each action, then those by value, in a fixed order. confidence is that of the intervals,
// such as 0.95.
func Measures(p *replay.Policy, c replay.Counts, confidence float64) []Measure {
	records := func(t replay.Tally, l int) int64 { return t.Records[l] }
	var out []Measure
	for _, d := range definitions {
		out = append(out, ratio(d.name, d.unit, d.num.sum(c, records), d.den.sum(c, records), confidence))
	}
	if p.Second != "" {
		out = append(out, ratio("call_rate_"+p.Second, Share, c.Calls[1], c.Total().N(), confidence))
	}
	for _, a := range dataset.Actions {
		t := c.Actions[a]
		out = append(out, ratio("label_coverage_"+a.String(), Share, t.Labeled(), t.N(), confidence))
	}
	for _, d := range definitions {
		out = append(out, byValue(d.name+valueSuffix, d.unit, d.num, d.den, c, confidence))
		if d.name == "fraud_rate" {
			out = append(out, byValue("fraud_bps", BPS, d.num, d.den, c, confidence))
		}
	}
	return out
}

// sum adds up the region's records, or amounts.
func (r region) sum(c replay.Counts, of func(replay.Tally, int) int64) int64 {
	var n int64
	for a, t := range c.Actions {
		for l := range t.Records {
			if r.actions>>a&1 != 0 && r.labels>>l&1 != 0 {
				n += of(t, l)
			}
		}
	}
	return n
}

// Rate returns a share of records as a measure, k of n with its Wilson interval.
func Rate(name string, k, n int64, confidence float64) Measure {
	return ratio(name, Share, k, n, confidence)
}

// ratio returns a measure by count. Odds of a to b have the interval of the share a of a+b, turned into odds.
func ratio(name, unit string, num, den int64, confidence float64) Measure {
	m := plain(name, unit, num, den)
	if den == 0 {
		return m
	}
	low, high := 0.0, 0.0
	if unit == Odds {
		low, high = Wilson(num, num+den, confidence)
		low, high = low/(1-low), high/(1-high)
	} else {
		low, high = Wilson(num, den, confidence)
	}
	m.Low, m.High, m.Confidence, m.Method = Number(low), Number(high), Number(confidence), MethodWilson
	return m
}

// plain returns a ratio without an interval.
func plain(name, unit string, num, den int64) Measure {
	return Measure{Name: name, Numerator: num, Denominator: den, Unit: unit, Value: divide(num, den),
		Low: Undefined(), High: Undefined(), Confidence: Undefined(), Method: MethodNone, Least: Undefined(), Most: Undefined(), Ceiling: Undefined()}
}

func divide(num, den int64) Number {
	if den == 0 {
		return Undefined()
	}
	return Number(float64(num) / float64(den))
}

// Find returns the measure of a name, or false where the list has none.
func Find(list []Measure, name string) (Measure, bool) {
	for _, m := range list {
		if m.Name == name {
			return m, true
		}
	}
	return Measure{}, false
}

// form returns the form that counts a region's records, or adds up their amounts.
func (r region) form(value bool) (f Form) {
	for a := range f.Actions {
		for l := range dataset.NumLabels {
			if r.actions>>a&1 == 0 || r.labels>>l&1 == 0 {
				continue
			}
			if value {
				f.Actions[a].Amount[l] = 1
			} else {
				f.Actions[a].Records[l] = 1
			}
		}
	}
	return f
}
