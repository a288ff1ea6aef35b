package calibrate

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A driftMonth is the population of one month of a made-up history: shares of session clusters, the share of onboarding scores that
// is uniform from a floor, of an agent signal, and of fraud by session cluster.
type driftMonth struct {
	clusters []float64
	floor    int // onboarding scores are uniform from it to 1000
	agent    float64
	missing  float64
	fraud    []float64
}

func calmMonth() driftMonth {
	return driftMonth{[]float64{0.05, 0.15, 0.2, 0.35, 0.25}, 0, 0, 0.01, []float64{0.3, 0.15, 0.05, 0.02, 0.005}}
}

// draw makes up n records of a month, counted from 2025-01.
func (m driftMonth) draw(rng *rand.Rand, n, month int) []testRecord {
	out := make([]testRecord, n)
	for i := range out {
		cluster, u := 0, rng.Float64()
		for cluster < 4 && u >= m.clusters[cluster] {
			u -= m.clusters[cluster]
			cluster++
		}
		first := append([]int{0}, replay.Standard.Edges[:]...)[cluster] + rng.IntN(200)
		onboarding := m.floor + rng.IntN(dataset.MaxScore+1-m.floor)
		r := testRecord{
			session:    replay.Answer{State: dataset.Scored(first), Cluster: dataset.Clusters[cluster]},
			onboarding: replay.Answer{State: dataset.Scored(onboarding), Cluster: replay.Standard.Of(onboarding)},
			label:      dataset.Legit, amount: 1000, agent: rng.Float64() < m.agent,
			time: dataset.MonthStart(2025*12+month) + rng.Int64N(28*24*3600)*1e6,
		}
		if rng.Float64() < m.missing {
			r.session = replay.Answer{State: dataset.State(dataset.Missing)}
		} else if rng.Float64() < m.fraud[cluster] {
			r.label = dataset.Fraud
		}
		out[i] = r
	}
	return out
}

// driftTraits are what the tests count beside the products.
var driftTraits = []dataset.Field{
	{Name: "session", Kind: dataset.KindState}, {Name: "session.score_cluster", Kind: dataset.KindCluster},
	{Name: "onboarding", Kind: dataset.KindState}, {Name: "onboarding.score_cluster", Kind: dataset.KindCluster},
	{Name: "session.has_ai_agent", Kind: dataset.KindBool},
}

func driftCube(t testing.TB, pol *replay.Policy, by string, records []testRecord) *replay.Cube {
	return cubeOf(t, replay.Question{Policies: []*replay.Policy{pol}, By: []string{by}, Traits: driftTraits}, records)
}

func driftPolicy(t testing.TB) *replay.Policy {
	p, found := replay.Builtin("table-waterfall")
	if !found {
		t.Fatal("no such policy")
	}
	return p
}

// compareFrom holds the months from one on against those before.
func compareFrom(t testing.TB, cube *replay.Cube, pol *replay.Policy, from string) *Drift {
	t.Helper()
	side := func(keep func(month string) bool) *DriftSide {
		s, err := NewDriftSide(cube, pol, keep)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	return CompareDrift(side(func(m string) bool { return m < from }), side(func(m string) bool { return m >= from }), 0.95)
}

// names of everything that is marked.
func marked(d *Drift) (out []string) {
	for _, s := range []Shifts{d.Decisions, d.Outcomes, d.Answers} {
		for _, c := range s.Marked() {
			out = append(out, c.Kind+" "+c.Of+" "+c.Name)
		}
	}
	for _, x := range d.Scores {
		if x.Adjusted <= 0.05 {
			out = append(out, "index "+x.Of+" "+x.By)
		}
	}
	for _, x := range d.Traits {
		if x.Changed(0.95) {
			out = append(out, x.Kind+" "+x.Field+" "+x.Value)
		}
	}
	for _, b := range d.Order.Breaks {
		if b.Changed(0.95) {
			out = append(out, "order "+b.Product+" "+b.Month+" "+b.Higher)
		}
	}
	return out
}

// TestDriftFindsWhatWasPlanted plants one change at a time and looks for its name; what the change does not touch is seldom marked.
func TestDriftFindsWhatWasPlanted(t *testing.T) {
	pol, rng := driftPolicy(t), rand.New(rand.NewPCG(7, 8))
	var history []testRecord
	for month := range 4 {
		history = append(history, calmMonth().draw(rng, 4000, month)...)
	}
	cases := []struct {
		name   string
		change func(m *driftMonth)
		want   []string
	}{
		{"a cell", func(m *driftMonth) { m.clusters = []float64{0.05, 0.15, 0.2, 0.30, 0.30} },
			[]string{"gate  gate[high]", "gate  gate[very_high]", "index session deciles", "index session clusters"}},
		{"a score", func(m *driftMonth) { m.floor = 60 }, []string{"index onboarding deciles", "index onboarding bands", "index onboarding clusters"}},
		{"a signal", func(m *driftMonth) { m.agent = 0.01 }, []string{"signal session.has_ai_agent true"}},
		{"answers", func(m *driftMonth) { m.missing = 0.05 }, []string{"answer session missing", "answer session ok", "gate  gate[missing]"}},
		{"fraud in a band", func(m *driftMonth) { m.fraud = []float64{0.3, 0.15, 0.05, 0.06, 0.005} },
			[]string{"gate  gate[high]", "band session high 551-775"}},
		{"the order", func(m *driftMonth) { m.fraud = []float64{0.3, 0.15, 0.005, 0.06, 0.005} }, []string{"order session 2025-05 high 551-775"}},
	}
	for _, c := range cases {
		m := calmMonth()
		c.change(&m)
		d := compareFrom(t, driftCube(t, pol, replay.Month, append(slices.Clone(history), m.draw(rng, 4000, 4)...)), pol, "2025-05")
		got := marked(d)
		for _, want := range c.want {
			if !slices.Contains(got, want) {
				t.Errorf("%s: %q is not marked, but %q", c.name, want, got)
			}
		}
	}
	calm := compareFrom(t, driftCube(t, pol, replay.Month, append(slices.Clone(history), calmMonth().draw(rng, 4000, 4)...)), pol, "2025-05")
	if got := marked(calm); len(got) > 0 {
		t.Errorf("nothing changed, and marked are %q", got)
	}
	if calm.Decisions.Tested == 0 || calm.Outcomes.Tested == 0 || calm.IndexTests != 6 || calm.TraitTests != 0 || calm.Order.Tested == 0 || calm.Order.Months != 5 {
		t.Errorf("%d shares, %d rates, %d indices, %d traits, %d pairs of %d months", calm.Decisions.Tested, calm.Outcomes.Tested, calm.IndexTests, calm.TraitTests, calm.Order.Tested, calm.Order.Months)
	}
}

// TestDriftFamilies repeats calm months: of each table at most 5 % have anything marked.
func TestDriftFamilies(t *testing.T) {
	pol, rng := driftPolicy(t), rand.New(rand.NewPCG(9, 10))
	const draws = 150
	counts := map[string]int{}
	note := func(table string, rings bool) {
		if rings {
			counts[table]++
		}
	}
	m := calmMonth()
	m.agent = 0.002
	for range draws {
		d := compareFrom(t, driftCube(t, pol, replay.Month, append(m.draw(rng, 900, 0), m.draw(rng, 300, 1)...)), pol, "2025-02")
		note("decisions", len(d.Decisions.Marked()) > 0)
		note("fraud", len(d.Outcomes.Marked()) > 0)
		note("answers", len(d.Answers.Marked()) > 0)
		note("indices", slices.ContainsFunc(d.Scores, func(x ScoreIndex) bool { return x.Adjusted <= 0.05 }))
		note("traits", slices.ContainsFunc(d.Traits, func(x TraitShift) bool { return x.Changed(0.95) }))
		note("order", slices.ContainsFunc(d.Order.Breaks, func(b RankBreak) bool { return b.Changed(0.95) }))
	}
	t.Log(counts)
	for table, n := range counts {
		if n > 15 { // 0.05 + 3 s.e. of 150 draws are 15.5
			t.Errorf("%s: %d of %d calm draws are marked", table, n, draws)
		}
	}
}

// TestDriftCounts checks shares against counting records one by one.
func TestDriftCounts(t *testing.T) {
	pol, rng := driftPolicy(t), rand.New(rand.NewPCG(11, 12))
	m := calmMonth()
	m.agent = 0.1
	records := append(m.draw(rng, 500, 0), m.draw(rng, 300, 1)...)
	d := compareFrom(t, driftCube(t, pol, replay.Month, records), pol, "2025-02")
	var want [2]struct {
		approved, agents, frauds Portion
		review                   [dataset.NumLabels]int64
	}
	for i, r := range records {
		w := &want[min(1, i/500)]
		decided := pol.Decide(replay.Case{First: r.session, Second: r.onboarding})
		w.approved.N, w.agents.N, w.frauds.N = w.approved.N+1, w.agents.N+1, w.frauds.N+1
		if decided.Action == dataset.Approve {
			w.approved.K++
		}
		if r.agent {
			w.agents.K++
		}
		if r.label == dataset.Fraud {
			w.frauds.K++
		}
		if decided.FirstCluster == dataset.ReviewCluster {
			w.review[r.label]++
		}
	}
	if got := d.Decisions.List[0]; got.Name != "approve" || got.Base != want[0].approved || got.Now != want[1].approved {
		t.Errorf("%+v, want %+v and %+v", got, want[0].approved, want[1].approved)
	}
	if got := d.Outcomes.List[0]; got.Base != want[0].frauds || got.Now != want[1].frauds {
		t.Errorf("%+v, want %+v and %+v", got, want[0].frauds, want[1].frauds)
	}
	at := slices.IndexFunc(d.Outcomes.List, func(s Shift) bool { return s.Of == "session" && s.Name == "review 451-550" })
	if got := d.Outcomes.List[at]; at < 0 || got.Base.N > want[0].review[1]+want[0].review[2] || got.Base.N == 0 {
		t.Errorf("%+v, want at most %v", got, want[0].review)
	}
	if got := d.Traits[0]; got.Field != "session.has_ai_agent" || got.Base != want[0].agents || got.Now != want[1].agents {
		t.Errorf("%+v, want %+v and %+v", got, want[0].agents, want[1].agents)
	}
	var parts Portion
	for _, c := range d.Decisions.List {
		if c.Kind != "action" {
			parts.K += c.Now.K
		}
	}
	if parts.K != 300 {
		t.Errorf("the parts of the period hold %d of 300 records", parts.K)
	}
}

// TestDriftOfCubes checks that by day, or with the order of records changed, drift is the same, and that an exact cube that was
// asked for no traits tells the same of its own products.
func TestDriftOfCubes(t *testing.T) {
	pol := driftPolicy(t)
	for seed := range uint64(15) {
		rng := rand.New(rand.NewPCG(seed, 1))
		m := calmMonth()
		m.agent = 0.1
		records := slices.Concat(m.draw(rng, 40, 0), m.draw(rng, 30, 1), m.draw(rng, 30, 2))
		records[rng.IntN(len(records))].time = dataset.NoTime
		want := compareFrom(t, driftCube(t, pol, replay.Month, records), pol, "2025-03")
		rng.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		byDay := compareFrom(t, driftCube(t, pol, replay.Day, records), pol, "2025-03")
		exact := compareFrom(t, cubeOf(t, replay.Question{Policies: []*replay.Policy{pol}, By: []string{replay.Month}, Exact: true}, records), pol, "2025-03")
		for i, got := range []*Drift{byDay, exact} {
			if diff := cmp.Diff([]any{want.Decisions, want.Outcomes, want.Answers, want.Scores, want.Order}, []any{got.Decisions, got.Outcomes, got.Answers, got.Scores, got.Order},
				cmp.Comparer(func(a, b Number) bool { return a == b || !a.Defined() && !b.Defined() })); diff != "" {
				t.Fatalf("seed %d, cube %d: %s", seed, i, diff)
			}
		}
	}
	plain := cubeOf(t, replay.Question{Policies: []*replay.Policy{pol}}, nil)
	if _, err := NewDriftSide(plain, pol, func(string) bool { return true }); err == nil {
		t.Error("a cube without months was accepted")
	}
}

// TestStability checks a month's index against taking the baseline apart by hand.
func TestStability(t *testing.T) {
	pol, rng := driftPolicy(t), rand.New(rand.NewPCG(13, 14))
	var records []testRecord
	for month := range 3 {
		records = append(records, calmMonth().draw(rng, 600, month)...)
	}
	shifted := calmMonth()
	shifted.floor, shifted.missing = 300, 0.3
	records = append(records, shifted.draw(rng, 600, 3)...)
	base := func(month string) bool { return month < "2025-04" }
	cube := driftCube(t, pol, replay.Month, records)
	got, err := Stability(cube, pol, base, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	whole := replay.SumTraits(cube.Traits(), base)
	bins := Deciles(whole.Products[1].Scores)
	for i, m := range got {
		p := m.Products[1]
		rest := replay.SumTraits(cube.Traits(), func(month string) bool { return base(month) && month != m.Month })
		want := PSI(totals(bins.Count(rest.Products[1].Scores)), totals(bins.Count(cube.Traits()[i].Products[1].Scores)))
		if p.Product != "onboarding" || p.Index.PSI != want.PSI || p.Index.Most95 != want.Most95 || p.Records != 600 || m.InBaseline != (i < 3) {
			t.Errorf("%s: %+v, want %+v", m.Month, p, want)
		}
		if total := m.Counts.Total(); total.N() != 600 {
			t.Errorf("%s: %d records", m.Month, total.N())
		}
	}
	if last := got[3].Products; last[1].Index.Adjusted > 1e-6 || last[0].Statuses[dataset.Missing] < 120 || got[1].Products[1].Index.Adjusted < 0.05 {
		t.Errorf("%+v", got)
	}
}
