package dataset

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The modes of collection of a synthetic history.
const (
	SynthCombined  = "combined"  // both products were asked about every record
	SynthWaterfall = "waterfall" // onboarding was asked only where the session score lay in the gate
)

// The populations of STATISTICS.md, section 2.
const (
	SynthInformative = "A" // both scores tell fraud from legit
	SynthTwoKinds    = "B" // bots have a low session, synthetic identities a low onboarding score
	SynthUseless     = "N" // scores, signals and reason codes say nothing
)

// SynthOptions say what history to make up. A zero field means the default named beside it; a rate that is to be zero is
// given as a negative number.
type SynthOptions struct {
	Records int64  `json:"records"` // 10,000
	Seed    uint64 `json:"seed"`    // 0 is a seed like any other
	Start   string `json:"start"`   // first month, UTC: 2025-01
	Months  int    `json:"months"`  // 12; records are spread evenly over them, in order of time
	// Segments are fields with the values they take, as name=value,value: country=IT,FR,ES and channel=web,app. The i-th
	// value, from 1, has a share proportional to 1/i; along the values of the first segment the fraud rate rises threefold.
	Segments   []string `json:"segments"`
	FraudRate  float64  `json:"fraud_rate"` // 0.02; at most 0.5
	Mode       string   `json:"mode"`       // combined
	Population string   `json:"population"` // A
	// GateLow (inclusive) and GateHigh (exclusive) bound the session scores for which a waterfall asks onboarding: 451 and
	// 551, the review cluster. A negative GateLow asks from score 0.
	GateLow  int `json:"gate_low"`
	GateHigh int `json:"gate_high"`
	// Login makes the records hold a login response, whose score follows the model of session, instead of the two products.
	Login bool `json:"login"`
	// Strings writes the numbers and booleans of the session (or login) response as strings, as the vendor's API does.
	Strings bool `json:"strings"`
	// Details adds what the red flags of the Session + Onboarding Guide read beyond signals and reason codes: the countries of phone
	// and IP, the age of the email address and its social accounts. All else stays as it is without.
	Details bool `json:"details,omitempty"`

	// Missing is the share of session responses that are lost, half as null and half as a 404; Processing and Failed are the
	// shares of all responses that were not ready or an error: 0.02, 0.005 and 0.005.
	Missing    float64 `json:"missing"`
	Processing float64 `json:"processing"`
	Failed     float64 `json:"failed"`

	LabelDelay float64   `json:"label_delay"` // mean days until a label is known: 30
	AsOf       time.Time `json:"as_of"`       // labels not known before are null: the end of the last month
	LabelNoise float64   `json:"label_noise"` // share of labels that are recorded the wrong way round: none
	NoLabels   bool      `json:"no_labels"`   // leave label and label_time out, because they are in a file (SynthLabels)
	TrueLabel  bool      `json:"true_label"`  // add true_label, the label without delay, noise or censoring

	// Policy is what production did, by the clusters of session and onboarding; NoCluster stands for no answer. The default
	// is the guide's table for the mode, or its recommendation for login. A waterfall reads the row ReviewCluster inside its
	// gate, blocks below and approves from GateHigh on.
	Policy *[NumClusters][NumClusters]Action `json:"-"`
	// BlockedUnlabeled leaves what production blocked without a label: nobody learns what a blocked applicant would have done.
	BlockedUnlabeled bool `json:"blocked_unlabeled"`
	// Exploration is the share of blocked records that were let through at random, none by default. With it every record
	// has approval_probability, the chance it had of being approved.
	Exploration float64 `json:"exploration"`
	// Outcomes adds what came of step-ups and reviews (SynthTreatments).
	Outcomes bool `json:"outcomes,omitempty"`
	// Rings is the share of records that come in runs of five which are fraud or legit together: 0.1. The five records of a
	// fraud ring have one account_id, every other record has its own.
	Rings float64 `json:"rings"`
}

// ringSize is how many records stand or fall together in a ring.
const ringSize = 5

// A rateOption is an option that is a share.
type rateOption struct {
	name          string
	value         *float64
	standard, max float64
}

func (o *SynthOptions) rates() []rateOption {
	return []rateOption{
		{"fraud rate", &o.FraudRate, 0.02, 0.5},
		{"missing", &o.Missing, 0.02, 1},
		{"processing", &o.Processing, 0.005, 1},
		{"failed", &o.Failed, 0.005, 1},
		{"label noise", &o.LabelNoise, 0, 0.5},
		{"exploration", &o.Exploration, 0, 1},
		{"rings", &o.Rings, 0.1, 1},
	}
}

// resolve returns the options with every default in its place and "none" as -1, or what is wrong with them. Resolving twice
// changes nothing, so a Truth's options make the same history again.
func (o SynthOptions) resolve() (SynthOptions, error) {
	for _, r := range o.rates() {
		setDefault(r.value, r.standard)
		if !(*r.value <= r.max) {
			return o, fmt.Errorf("%s %v: want at most %v, or a negative number for none", r.name, *r.value, r.max)
		}
		*r.value = orNone(*r.value)
	}
	setDefault(&o.Records, 10_000)
	setDefault(&o.Start, "2025-01")
	setDefault(&o.Months, 12)
	setDefault(&o.Mode, SynthCombined)
	setDefault(&o.Population, SynthInformative)
	setDefault(&o.GateLow, 451)
	setDefault(&o.GateHigh, 551)
	setDefault(&o.LabelDelay, 30)
	o.LabelDelay = orNone(o.LabelDelay)
	if o.Segments == nil {
		o.Segments = []string{"country=IT,FR,ES", "channel=web,app"}
	}
	start, err := time.Parse("2006-01", o.Start)
	if err != nil || start.Year() < 1970 {
		return o, fmt.Errorf("start %q: want a month such as 2025-01", o.Start)
	}
	if o.AsOf.IsZero() {
		o.AsOf = start.AddDate(0, o.Months, 0)
	}
	o.AsOf = o.AsOf.UTC()
	return o, o.check(start)
}

// check looks at the options that are not shares.
func (o SynthOptions) check(start time.Time) error {
	switch {
	case o.Records < 0 || o.Records > 1e12:
		return fmt.Errorf("records %d: want 0..1e12", o.Records)
	case o.Months < 1 || start.AddDate(0, o.Months, 0).UnixMicro() > maxTime:
		return fmt.Errorf("months %d: want 1 or more, ending before 2200", o.Months)
	case o.Mode != SynthCombined && o.Mode != SynthWaterfall:
		return fmt.Errorf("mode %q: want combined or waterfall", o.Mode)
	case synthKinds[o.Population] == nil:
		return fmt.Errorf("population %q: want A, B or N", o.Population)
	case o.GateLow > o.GateHigh || o.GateHigh < 1 || o.GateHigh > MaxScore+1:
		return fmt.Errorf("gate %d..%d: want low <= high and high in 1..1001", o.GateLow, o.GateHigh)
	case !(o.LabelDelay <= 10_000):
		return fmt.Errorf("label delay %v: want at most 10000 days, or a negative number for none", o.LabelDelay)
	case o.AsOf.UnixMicro() < minTime || o.AsOf.UnixMicro() > maxTime:
		return fmt.Errorf("as of %s: want 1970..2200", o.AsOf.Format(time.RFC3339))
	}
	if z := o.zeroed(); z.Missing+z.Processing+z.Failed > 1 {
		return fmt.Errorf("missing, processing and failed add up to %v: want at most 1", z.Missing+z.Processing+z.Failed)
	}
	names := slices.Clone(envelopeNames)
	for _, text := range o.Segments {
		seg, err := parseSegment(text)
		if err != nil {
			return err
		}
		if slices.Contains(names, seg.name) {
			return fmt.Errorf("segment %q: the name is taken", seg.name)
		}
		names = append(names, seg.name)
	}
	return nil
}

// orNone makes all negative numbers the same.
func orNone(v float64) float64 {
	if v < 0 {
		return -1
	}
	return v
}

// zeroed returns resolved options with "none" as 0, ready to calculate with.
func (o SynthOptions) zeroed() SynthOptions {
	for _, r := range o.rates() {
		*r.value = max(*r.value, 0)
	}
	o.LabelDelay = max(o.LabelDelay, 0)
	return o
}

// setDefault puts a default where an option has its zero value.
func setDefault[T comparable](v *T, standard T) {
	var zero T
	if *v == zero {
		*v = standard
	}
}

// A synthSegment is a field with the values it takes.
type synthSegment struct {
	name   string
	values []string
	upTo   []float64 // cumulative share of the values
	factor []float64 // of the fraud rate, by value; mean 1 over records
}

// What names and values of segments are made of: a name is one key of a path, a value needs no escapes in JSON.
const (
	segmentNameText  = "abcdefghijklmnopqrstuvwxyz0123456789_"
	segmentValueText = "ABCDEFGHIJKLMNOPQRSTUVWXYZ-/. " + segmentNameText
)

func parseSegment(text string) (synthSegment, error) {
	name, list, found := strings.Cut(text, "=")
	s := synthSegment{name: name, values: strings.Split(list, ",")}
	if !found || name == "" || strings.Trim(name, segmentNameText) != "" || len(text) > 1000 {
		return s, fmt.Errorf("segment %q: want name=value,value of at most 1000 bytes, the name of a-z, 0-9 and _", text)
	}
	for i, v := range s.values {
		if v == "" || strings.Trim(v, segmentValueText) != "" || slices.Contains(s.values[:i], v) {
			return s, fmt.Errorf("segment %q: value %q: want different values of ASCII letters, digits, spaces, dots, dashes, slashes and underscores", text, v)
		}
	}
	s.weigh()
	return s, nil
}

// weigh sets the shares of the values and the factors of their fraud rates: the rarer a value, the more fraud.
func (s *synthSegment) weigh() {
	k := len(s.values)
	total, mean := 0.0, 0.0
	for i := range k {
		share := 1 / float64(i+1)
		factor := 1.0
		if k > 1 {
			factor = 0.5 + float64(i)/float64(k-1)
		}
		total += share
		mean += float64(share * factor)
		s.upTo = append(s.upTo, total)
		s.factor = append(s.factor, factor)
	}
	for i := range k {
		s.upTo[i] /= total
		s.factor[i] *= total / mean
	}
	s.upTo[k-1] = 1
}

// pick returns the value of a uniform number.
func (s *synthSegment) pick(u float64) int {
	i := 0
	for u >= s.upTo[i] {
		i++
	}
	return i
}
