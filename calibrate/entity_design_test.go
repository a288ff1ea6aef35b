package calibrate

import (
	cmpor "cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

// inRings gives the records of a history to accounts: runs of up to size records belong to one and share its first record's label
// and scores, as if one fraudster had come so often.
func inRings(records []testRecord, size int, rng *rand.Rand) []testRecord {
	account := 0
	for i := 0; i < len(records); {
		account++
		first := records[i]
		for n := 1 + rng.IntN(size); n > 0 && i < len(records); n, i = n-1, i+1 {
			at := records[i].time
			records[i] = first
			records[i].time, records[i].account = at, account
		}
	}
	return records
}

func byAccount(q replay.Question) replay.Question {
	q.Entity = "account_id"
	return q
}

// TestMeasuresByEntity checks the interval of every share by count against the sums that are taken entity by entity, and that
// records of as many entities have the interval of independent ones.
func TestMeasuresByEntity(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawTestPolicy(rt, "p", true, nil)
		records := rapid.SliceOfN(rapid.Custom(drawTestRecord), 2, 40).Draw(rt, "records")
		accounts := rapid.IntRange(1, len(records)).Draw(rt, "accounts")
		for i := range records {
			records[i].account = rapid.IntRange(0, accounts).Draw(rt, "account")
		}
		cube := cubeOf(t, byAccount(replay.Question{Policies: []*replay.Policy{p}}), records)
		r, err := cube.Run(p)
		if err != nil {
			rt.Fatal(err)
		}
		d, _, err := cube.Dependence(p, nil)
		if err != nil {
			rt.Fatal(err)
		}
		set := Setting{Confidence: 0.9, Open: &r.Open, Dependence: d}
		plain := Setting{Confidence: 0.9, Open: &r.Open}.Measures(p, r.Counts)
		for i, m := range set.Measures(p, r.Counts) {
			if m.Method == MethodWilson || m.Method == MethodWilsonBounds {
				rt.Fatalf("%s: an interval of independent records", m.Name)
			}
			if m.Method != MethodKornGraubard {
				continue
			}
			def := definition{}
			for _, x := range definitions {
				if x.name == m.Name {
					def = x
				}
			}
			if def.name == "" || def.unit != Share {
				continue
			}
			if w := plain[i]; m.Value != w.Value && m.Value.Defined() || m.Least != w.Least && m.Least.Defined() {
				rt.Fatalf("%s: %v..%v, want %v..%v", m.Name, m.Value, m.Least, w.Value, w.Least)
			}
			least, most := slowEntities(p, records, def, m, false), slowEntities(p, records, def, m, true)
			low, _ := cmpor.Or(least, most).Interval(0.9)
			_, high := cmpor.Or(most, least).Interval(0.9)
			if !near(float64(m.Low), float64(low)) || !near(float64(m.High), float64(high)) {
				rt.Fatalf("%s: %v to %v, entity by entity %v to %v", m.Name, m.Low, m.High, low, high)
			}
		}
	})
}

// slowEntities counts a measure entity by entity, undecided records as they move it down, or up.
func slowEntities(p *replay.Policy, records []testRecord, def definition, m Measure, most bool) (e Entities) {
	type counted struct{ k, n int64 }
	accounts := map[int]*counted{}
	for i, r := range records {
		d := p.Decide(replay.Case{First: r.session, Second: r.onboarding})
		a := d.Action
		if a == replay.Undecided && m.Least.Defined() {
			a = extreme(p.Possible(d.FirstCluster), r.label, most, def.worth)
		}
		if !def.den.holds(a, r.label) && !def.num.holds(a, r.label) {
			continue
		}
		id := r.account
		if id == 0 {
			id = -1 - i
		}
		if accounts[id] == nil {
			accounts[id] = &counted{}
		}
		accounts[id].n++
		if def.num.holds(a, r.label) {
			accounts[id].k++
		}
	}
	for _, c := range accounts {
		e.Add(c.k, c.n)
	}
	return e
}

// shownOn tests the limits of goals on all records, for a policy that was fixed before: whether they are shown to be kept at
// delta, and how many records it approves.
func shownOn(t *testing.T, records []testRecord, p *replay.Policy, g Goals, delta float64) (shown bool, approved int64) {
	q := byMonth(p)
	q.Entity = g.Entity
	cube := cubeOf(t, q, records)
	list, _, err := periodsOf(cube, p)
	if err != nil {
		t.Fatal(err)
	}
	w, err := windowOf("all", cube, list)
	if err != nil {
		t.Fatal(err)
	}
	h, err := newHearing(w, p, p, g)
	if err != nil {
		t.Fatal(err)
	}
	designs, err := h.designs(p, delta)
	if err != nil {
		t.Fatal(err)
	}
	r, err := w.cube.Run(p)
	if err != nil {
		t.Fatal(err)
	}
	logP, _ := h.logP(r.Counts, withholding{}, designs)
	return logP <= math.Log(delta), r.Approved().N()
}

// TestEntityPromise draws histories whose rate is just above a limit, in rings, and tests the limit: taken as independent the
// records show it kept far too often; taken as they are, seldom enough.
func TestEntityPromise(t *testing.T) {
	const runs, n, rate, delta = 300, 3000, 0.02, 0.1
	champion := letsAll()
	goals := fraudGoals(t, "fraud_rate <= 2%")
	wrong := map[string]int{}
	for run := range runs {
		rng := rand.New(rand.NewPCG(uint64(run), 9))
		records := make([]testRecord, n)
		for i := range records {
			records[i] = testRecord{session: withScore(500), onboarding: withScore(500), label: dataset.Legit, time: dataset.MonthStart(24000)}
			if rng.Float64() < rate {
				records[i].label = dataset.Fraud
			}
		}
		records = inRings(records, 9, rng)
		for _, entity := range []string{"", "account_id"} {
			goals.Entity = entity
			if shown, _ := shownOn(t, records, champion, goals, delta); shown {
				wrong[entity]++
			}
		}
	}
	// Three standard errors of a share of one tenth.
	most := int(runs*delta + 3*math.Sqrt(runs*delta*(1-delta)))
	t.Logf("of %d tests at %v, wrong: %d by entity, %d of independent records", runs, delta, wrong["account_id"], wrong[""])
	if wrong["account_id"] > most || wrong[""] <= most {
		t.Errorf("of %d tests, wrong: %d by entity, want at most %d; %d of independent records, want more", runs, wrong["account_id"], most, wrong[""])
	}
}

// TestEntityClump: good customers come once and frauds in rings of five, and the rate is just above the limit. A window without
// a fraud, which has no variance to estimate, must not pass for one of independent records; windows with many rings are told
// apart by their variance.
func TestEntityClump(t *testing.T) {
	const runs, limit, rate, size, delta = 400, 0.01, 0.0102, 5, 0.05
	champion := honestChampion() // approves the onboarding scores of 500 and more, and stops the others
	for c := range champion.Gate {
		champion.Gate[c] = replay.Next
	}
	goals := fraudGoals(t, "fraud_rate <= 1%")
	goals.Entity = "account_id"
	for _, n := range []int{450, 900, 4000} { // approved ones
		wrong := 0
		for run := range runs {
			rng := rand.New(rand.NewPCG(uint64(run), uint64(n)))
			var records []testRecord
			add := func(times, score int, label dataset.Label, account int) {
				for range times {
					records = append(records, testRecord{session: withScore(600), onboarding: withScore(score), label: label, account: account, time: dataset.MonthStart(24000)})
				}
			}
			for account := 1; len(records) < n; account++ {
				if rng.Float64() < rate/size/(1-rate+rate/size) {
					add(size, 900, dataset.Fraud, account)
				} else {
					add(1, 900, dataset.Legit, account)
				}
			}
			for ring := range 20 { // what is stopped tells how frauds come
				add(size, 10, dataset.Fraud, 1_000_000+ring)
			}
			shown, approved := shownOn(t, records, champion, goals, delta)
			if approved < int64(n) || approved > int64(n+size) {
				t.Fatalf("%d approved", approved)
			}
			if shown {
				wrong++
			}
		}
		most := int(runs*delta + 3*math.Sqrt(runs*delta*(1-delta)))
		t.Logf("%d records: of %d tests at %v wrong: %d", n, runs, delta, wrong)
		if wrong > most {
			t.Errorf("%d records: of %d tests at %v wrong: %d, want at most %d", n, runs, delta, wrong, most)
		}
	}
}

// TestEntityCalibration calibrates in rings: no account is in two windows, the certificate says what the records are worth and
// recomputes, and goals and cube must be of one entity.
func TestEntityCalibration(t *testing.T) {
	champion := honestChampion()
	rng := rand.New(rand.NewPCG(3, 4))
	records := inRings(populations()[0].history(4000, rng), 5, rng)
	for i := range records { // some accounts come back
		if i%7 == 0 && i > 4000 {
			records[i].account = records[i-4000].account
		}
	}
	q := byMonth(champion)
	g := fraudGoals(t, "fraud_rate <= 2%")
	g.Entity = "account_id"
	if _, err := Calibrate(cubeOf(t, q, records), champion, g); err == nil {
		t.Error("by entity, on a cube without")
	}
	cube := cubeOf(t, byAccount(q), records)
	c, err := Calibrate(cube, champion, g)
	if err != nil {
		t.Fatal(err)
	}
	var all, left int64
	for _, w := range c.Windows {
		all, left = all+w.Total.N(), left+w.Left
		if w.Total.N() != w.cube.Records() {
			t.Errorf("%s: %d records, %d in the cube", w.Name, w.Total.N(), w.cube.Records())
		}
	}
	if all+left != int64(len(records)) || left == 0 || c.Windows[2].Left != 0 {
		t.Errorf("%d records in windows and %d left out of %d; %d of the last", all, left, len(records), c.Windows[2].Left)
	}
	cert, err := c.Certificate()
	if err != nil || cert == nil {
		t.Fatalf("%v, %v", cert, err)
	}
	if e := cert.Limits[0].Effective; e <= 0 || e >= cert.Limits[0].N {
		t.Errorf("%d records are worth %d", cert.Limits[0].N, e)
	}
	if goals := recomputed(t, cert, cube); goals.Entity != "account_id" {
		t.Errorf("by entity %q", goals.Entity)
	}
}

// TestRest checks the sums of what is not counted.
func TestRest(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var e, rest Entities
		for range rapid.IntRange(0, 9).Draw(rt, "entities") {
			n := rapid.Int64Range(0, 9).Draw(rt, "n")
			k := rapid.Int64Range(0, n).Draw(rt, "k")
			e.Add(k, n)
			rest.Add(n-k, n)
		}
		if diff := cmp.Diff(rest, e.rest()); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// TestPairedByEntity checks the difference by entity against influences that are added up account by account.
func TestPairedByEntity(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := drawTestPolicy(rt, "a", true, nil), drawTestPolicy(rt, "b", true, nil)
		records := rapid.SliceOfN(rapid.Custom(drawTestRecord), 2, 60).Draw(rt, "records")
		for i := range records {
			records[i].account = rapid.IntRange(0, 9).Draw(rt, "account")
		}
		cube := cubeOf(t, byAccount(replay.Question{Policies: []*replay.Policy{a, b}}), records)
		c, err := cube.Compare(a, b)
		if err != nil {
			rt.Fatal(err)
		}
		if c.Dependence, err = cube.PairDependence(a, b); err != nil {
			rt.Fatal(err)
		}
		_, got := Paired(&c.Swap, PairedDesignsOf(c.Dependence, &c.Swap), 0.9)
		want := clusteredFraudRateDifference(slices.Values(slowPairs(a, b, records)), 0.9)
		_, plain := Paired(&c.Swap, PairedDesigns{}, 0.9)
		switch {
		case !want.SE.Defined() && !got.SE.Defined():
		case want.SE <= plain.SE || !want.SE.Defined(): // entities say no more than their records
			if !near(float64(got.SE), float64(plain.SE)) {
				rt.Fatalf("standard error %v, want %v", got.SE, plain.SE)
			}
		case !near(float64(got.SE), float64(want.SE)) || !near(float64(got.High), float64(want.High)):
			rt.Fatalf("standard error %v up to %v, account by account %v up to %v", got.SE, got.High, want.SE, want.High)
		}
	})
}

// slowPairs counts two policies' approvals account by account.
func slowPairs(a, b *replay.Policy, records []testRecord) (out []PairedCounts) {
	accounts := map[int]*PairedCounts{}
	for i, r := range records {
		id := r.account
		if id == 0 {
			id = -1 - i
		}
		if accounts[id] == nil {
			accounts[id] = &PairedCounts{}
		}
		var at [2]int
		for i, p := range []*replay.Policy{a, b} {
			if x := p.Decide(replay.Case{First: r.session, Second: r.onboarding}).Action; x == dataset.Approve || x == dataset.Monitor {
				at[i] = 1
			}
		}
		accounts[id][at[0]][at[1]][r.label]++
	}
	for _, c := range accounts {
		out = append(out, *c)
	}
	return out
}

// TestGateByEntity checks that a limit on a bound is held to a wider one where records belong to entities, and that one account
// for all records shows nothing.
func TestGateByEntity(t *testing.T) {
	champion := honestChampion()
	challenger := *champion
	challenger.Name, challenger.Matrix[dataset.ReviewCluster] = "challenger", champion.Matrix[dataset.Low]
	rng := rand.New(rand.NewPCG(5, 5))
	records := inRings(populations()[0].history(3000, rng), 9, rng)
	bounds := func(records []testRecord) (list [3]Number) {
		q := replay.Question{Policies: []*replay.Policy{champion, &challenger}}
		if records[0].account > 0 {
			q = byAccount(q)
		}
		cube := cubeOf(t, q, records)
		c, err := cube.Compare(champion, &challenger)
		if err != nil {
			t.Fatal(err)
		}
		if q.Entity != "" {
			if c.Dependence, err = cube.PairDependence(champion, &challenger); err != nil {
				t.Fatal(err)
			}
			for i, p := range q.Policies {
				if c.Entities[i], _, err = cube.Dependence(p, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		g := Judge(accept(t, "measure: fraud_rate, at_most: 5%, on: bound", "measure: fraud_rate, change_at_most: 1pp, on: bound", "measure: approval_rate, change_at_most: 10pp, on: bound"), c, nil, nil, 0.95)
		for i, v := range g.Verdicts {
			list[i] = v.Seen
		}
		return list
	}
	alone := slices.Clone(records)
	for i := range alone {
		alone[i].account = 0
	}
	plain, rings := bounds(alone), bounds(records)
	for i := range rings {
		if !(rings[i] > plain[i]) {
			t.Errorf("limit %d: bound %v by entity, %v of independent records", i, rings[i], plain[i])
		}
	}
	for i := range alone {
		alone[i].account = 1
	}
	if one := bounds(alone); one[0] != 1 {
		t.Errorf("one account for all: at most %v", one[0])
	}
}
