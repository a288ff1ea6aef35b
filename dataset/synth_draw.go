package dataset

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// A synthesizer holds what all records of a history share. It is not changed once made.
type synthesizer struct {
	SynthOptions              // zeroed
	resolved     SynthOptions // for the Truth
	segments     []synthSegment
	kinds        [2][]synthKind // of legit, of fraud
	policy       *[NumClusters][NumClusters]Action
	months       []int64 // the first second of each month and, last, the end
	asOf         int64
}

func newSynthesizer(o SynthOptions) *synthesizer {
	s := &synthesizer{SynthOptions: o.zeroed(), resolved: o, policy: o.Policy, asOf: o.AsOf.Unix()}
	for _, text := range o.Segments {
		seg, _ := parseSegment(text) // resolve has seen it
		s.segments = append(s.segments, seg)
	}
	for _, k := range synthKinds[o.Population] {
		class := 0
		if k.fraud {
			class = 1
		}
		s.kinds[class] = append(s.kinds[class], k)
	}
	if s.policy == nil {
		s.policy = guideTable(o)
	}
	start, _ := time.Parse("2006-01", o.Start)
	for m := range o.Months + 1 {
		s.months = append(s.months, start.AddDate(0, m, 0).Unix())
	}
	return s
}

// guideTable returns the table of the "Session + Onboarding Guide" (Combining Scores) for the mode, or what the login guide
// recommends. The column NoCluster of the combined table is not in the guide: what cannot be judged is reviewed.
func guideTable(o SynthOptions) *[NumClusters][NumClusters]Action {
	every := func(a Action) [NumClusters]Action { return [NumClusters]Action{a, a, a, a, a, a} }
	doubt := [NumClusters]Action{Review, Block, Block, Review, StepUp, StepUp}
	switch {
	case o.Login:
		return &[NumClusters][NumClusters]Action{every(StepUp), every(Block), every(Block), every(StepUp), every(Approve), every(Approve)}
	case o.Mode == SynthWaterfall:
		return &[NumClusters][NumClusters]Action{every(Review), every(Block), every(Block), doubt, every(Approve), every(Approve)}
	}
	trusted := [NumClusters]Action{Review, Block, Block, Review, Approve, Approve}
	alone := [NumClusters]Action{Review, Review, Review, Review, Approve, Approve}
	return &[NumClusters][NumClusters]Action{alone, every(Block), every(Block), doubt, trusted, trusted}
}

// A censor says why a record has no label.
type censor uint8

const (
	uncensored     censor = iota
	censorBlocked         // production blocked it, so nothing followed
	censorImmature        // its label was not known at AsOf
	numCensors
)

// A synthRecord is one record as drawn, with what nobody saw.
type synthRecord struct {
	n        int64 // position in the history
	at       int64 // seconds since 1970
	month    int
	values   []int // of the segments
	fraud    bool
	kind     *synthKind
	account  int64 // position of the first record of the account
	cents    int64
	signals  [numSignals]bool
	codes    [numCodes]bool
	movement int // mouse movements

	session, onboarding, phone, email, ip int
	first, second                         Status // of session or login, and of onboarding
	nullAnswer                            bool   // a missing session is recorded as null, not as a 404

	action   Action
	explored bool    // would have been blocked
	approval float64 // probability of approval

	label   Label // as recorded
	flipped bool
	censor  censor
	labelAt int64
}

// A drawer draws the records of one chunk. Every record takes the same draws whatever the options, so that histories of one
// seed that differ in mode, rates or censoring are about the same people.
type drawer struct {
	*synthesizer
	rand  *rand.Rand
	rec   synthRecord
	ring  bool // the current run of ringSize records stands or falls together
	place int  // the value of the first segment in this run
	fraud bool
}

func (s *synthesizer) newDrawer(chunk int64) *drawer {
	d := &drawer{synthesizer: s, rand: rand.New(rand.NewPCG(s.Seed, scramble(uint64(chunk))))}
	d.rec.values = make([]int, len(s.segments))
	return d
}

// scramble spreads consecutive numbers over all 64 bits (the finalizer of SplitMix64, Steele, Lea and Flood 2014).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// next draws record n; the result is valid until the following call.
func (d *drawer) next(n int64) *synthRecord {
	r := &d.rec
	*r = synthRecord{n: n, values: r.values}
	d.when()
	d.who()
	r.session, r.onboarding = r.kind.session.draw(d.rand), r.kind.onboarding.draw(d.rand)
	for _, score := range []*int{&r.phone, &r.email, &r.ip} {
		*score = bell{float64(r.onboarding), 80}.draw(d.rand)
	}
	d.amount()
	d.signs()
	d.statuses()
	d.act()
	d.learn()
	return r
}

// when places the record in time: records divide the period evenly, each somewhere in its part.
func (d *drawer) when() {
	r := &d.rec
	start, end := d.months[0], d.months[len(d.months)-1]
	part := float64(end-start) / float64(d.Records)
	r.at = min(start+int64((float64(r.n)+d.rand.Float64())*part), end-1)
	next, _ := slices.BinarySearch(d.months, r.at+1)
	r.month = next - 1
}

// who draws segments, class, kind and account.
func (d *drawer) who() {
	r := &d.rec
	u, together := d.rand.Float64(), d.rand.Float64() < d.Rings
	head := r.n%ringSize == 0
	if head {
		d.ring = together
	}
	for i := range d.segments {
		r.values[i] = d.segments[i].pick(d.rand.Float64())
	}
	follows := d.ring && !head
	rate := d.FraudRate
	if len(d.segments) > 0 {
		if follows {
			r.values[0] = d.place
		}
		d.place = r.values[0]
		rate *= d.segments[0].factor[d.place]
	}
	if !follows {
		d.fraud = u < rate
	}
	r.fraud = d.fraud
	r.account = r.n
	if d.ring && r.fraud {
		r.account -= r.n % ringSize
	}
	kinds := d.kinds[0]
	if r.fraud {
		kinds = d.kinds[1]
	}
	v, i := d.rand.Float64(), 0
	for i < len(kinds)-1 && v >= kinds[i].weight {
		v -= kinds[i].weight
		i++
	}
	r.kind = &kinds[i]
}

// amount draws a lognormal amount of median 50, or 90 for fraud.
func (d *drawer) amount() {
	median := 50.0
	if d.rec.fraud {
		median = 90
	}
	z := min(d.rand.NormFloat64(), 10) // keeps amounts finite
	d.rec.cents = 1 + int64(100*median*math.Exp(0.8*z))
}

// statuses draws which answers were lost.
func (d *drawer) statuses() {
	r := &d.rec
	r.first = d.status(d.rand.Float64(), d.Missing)
	r.second = d.status(d.rand.Float64(), 0)
	r.nullAnswer = d.rand.Float64() < 0.5
	if !d.Login && d.Mode == SynthWaterfall && !d.inGate(r) {
		r.second = NotCalled
	}
}

// status returns the status at u; not ready and error come first, so that both products share their bounds.
func (d *drawer) status(u, missing float64) Status {
	switch {
	case u < d.Processing:
		return Processing
	case u < d.Processing+d.Failed:
		return Failed
	case u < d.Processing+d.Failed+missing:
		return Missing
	}
	return OK
}

func (d *drawer) inGate(r *synthRecord) bool {
	return r.first == OK && r.session >= d.GateLow && r.session < d.GateHigh
}

// act draws what production did.
func (d *drawer) act() {
	r := &d.rec
	r.action = d.decide(r)
	u := d.rand.Float64()
	switch r.action {
	case Approve, Monitor:
		r.approval = 1
	case Block:
		r.approval = d.Exploration
		if u < d.Exploration {
			r.action, r.explored = Approve, true
		}
	}
}

func (d *drawer) decide(r *synthRecord) Action {
	var session, onboarding Cluster
	if r.first == OK {
		session = scorecard(r.session)
	}
	if r.second == OK {
		onboarding = scorecard(r.onboarding)
	}
	if d.Login {
		return d.policy[session][NoCluster]
	}
	if d.Mode == SynthWaterfall && r.first == OK {
		switch {
		case r.session < d.GateLow:
			return Block
		case r.session >= d.GateHigh:
			return Approve
		}
		session = ReviewCluster
	}
	return d.policy[session][onboarding]
}

// learn draws when the label was known, and what was written down.
func (d *drawer) learn() {
	r := &d.rec
	const day = 24 * 60 * 60
	r.labelAt = r.at + int64(d.LabelDelay*day*d.rand.ExpFloat64())
	r.flipped = d.rand.Float64() < d.LabelNoise
	switch {
	case d.BlockedUnlabeled && r.action == Block:
		r.censor = censorBlocked
	case r.labelAt > d.asOf:
		r.censor = censorImmature
	default:
		r.label = labelOf(r.fraud != r.flipped)
	}
}

func labelOf(fraud bool) Label {
	if fraud {
		return Fraud
	}
	return Legit
}
