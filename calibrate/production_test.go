package calibrate

import (
	"slices"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// lenient approves all but the worst: what a company might call its champion though production was stricter.
func lenient() *replay.Policy {
	p := honestChampion()
	p.Name = "lenient"
	for c := range p.Matrix {
		for d := range p.Matrix[c] {
			if p.Matrix[c][d] = dataset.Approve; min(dataset.Cluster(c), dataset.Cluster(d)) <= dataset.VeryLow {
				p.Matrix[c][d] = dataset.Block
			}
		}
	}
	return p
}

// stoppedBy draws a history in which what a policy stops has no label; its actions are recorded.
func stoppedBy(p population, production *replay.Policy, n int, seed uint64) []testRecord {
	records := stopsUnlabeled(p, production, n, seed)
	for i, r := range records {
		records[i].past = production.Decide(replay.Case{First: r.session, Second: r.onboarding}).Action
	}
	return records
}

// TestChampionIsNotProduction: the champion approves what production stopped, whose outcome nobody knows. Taken for what
// production ran, it makes certificates of which most are wrong; with the recorded actions, or the policy that production
// ran, none is.
func TestChampionIsNotProduction(t *testing.T) {
	const runs, target = 6, 0.005
	production, champion, p := honestChampion(), lenient(), populations()[0]
	goals := fraudGoals(t, "fraud_rate <= 0.5%")
	for _, way := range []struct {
		name           string
		ask            func(*replay.Question)
		forget, honest bool
	}{
		{"champion", func(*replay.Question) {}, false, false},
		{"recorded", func(q *replay.Question) { q.Past = true }, false, true},
		{"history policy", func(q *replay.Question) { q.Past, q.HistoryPolicy = true, production }, true, true},
	} {
		broken, answered := 0, 0
		for seed := range uint64(runs) {
			q := byMonth(champion)
			way.ask(&q)
			records := stoppedBy(p, production, 4000, seed)
			if way.forget {
				for i := range records {
					records[i].past = dataset.NoAction
				}
			}
			c, err := Calibrate(cubeOf(t, q, records), champion, goals)
			if err != nil {
				t.Fatal(err)
			}
			best, found := c.Recommendation()
			if !found {
				continue
			}
			answered++
			if rate, _ := p.truth(best.Policy); rate > target {
				broken++
			}
			if !way.honest {
				continue
			}
			if c.StoppedBy() != "that production stopped" {
				t.Errorf("%s: %s", way.name, c.StoppedBy())
			}
			cert, err := c.Certificate()
			if err != nil {
				t.Fatal(err)
			}
			if want := "apart from what production stopped, as"; !strings.Contains(cert.Claim, want) {
				t.Errorf("%s: %s\nwant %s", way.name, cert.Claim, want)
			}
			again, err := cert.HistoryPolicy("c")
			if err != nil || (again != nil) != way.forget {
				t.Errorf("%s: history policy %v, %v", way.name, again, err)
			}
		}
		t.Logf("%s: %d of %d certificates are wrong", way.name, broken, answered)
		switch {
		case !way.honest && broken < runs/2:
			t.Errorf("%d of %d certificates are wrong: the history is no trap", broken, answered)
		case way.honest && (broken > 0 || answered == 0):
			t.Errorf("%s: %d of %d certificates are wrong", way.name, broken, answered)
		}
	}
}

// TestChampionBeyond: of the champion's own limits, that on fraud is heard on what it approves and production stopped.
func TestChampionBeyond(t *testing.T) {
	champion := lenient()
	q := byMonth(champion)
	q.Past = true
	c, err := Calibrate(cubeOf(t, q, stoppedBy(populations()[0], honestChampion(), 3000, 7)), champion, fraudGoals(t, "fraud_rate <= 0.5%"))
	if err != nil {
		t.Fatal(err)
	}
	if v := c.Standing[0]; v.Withheld == 0 || v.Met {
		t.Errorf("the champion: %+v", v)
	}
	if !slices.ContainsFunc(c.Warnings(), func(w Warning) bool {
		return w.Code == StoppedLabels && strings.Contains(w.Message, "that production stopped")
	}) {
		t.Error("no warning of what production stopped")
	}
}

// TestProducedIn: what production did, where it is known, and else what the champion does; the two agree where the champion is
// what production ran.
func TestProducedIn(t *testing.T) {
	champion := honestChampion()
	records := stoppedBy(populations()[1], champion, 500, 3)
	of := func(past bool, edit func(i int, r *testRecord)) produced {
		for i := range records {
			edit(i, &records[i])
		}
		q := byMonth(champion)
		q.Past = past
		r, err := cubeOf(t, q, records).Run(champion)
		if err != nil {
			t.Fatal(err)
		}
		return producedIn(r)
	}
	keep := func(int, *testRecord) {}
	plain, recorded := of(false, keep), of(true, keep)
	if plain != recorded {
		t.Error("the champion's own actions, recorded, tell something else than the champion")
	}
	if half := of(true, func(i int, r *testRecord) {
		if i%2 == 0 {
			r.past = dataset.NoAction
		}
	}); half != plain {
		t.Error("half of the actions tell something else than all of them")
	}
	all := of(true, func(i int, r *testRecord) { r.past = dataset.Review })
	if all.kept.N() != 0 || all.all().N() != int64(len(records)) || all.by[dataset.Review].N() != int64(len(records)) || all.share() != 1 {
		t.Errorf("all reviewed: %+v", all)
	}
	if a := all.stopped.Actions[dataset.Approve]; a != plain.kept {
		t.Errorf("of all that was stopped the champion approves %v, want %v", a, plain.kept)
	}
}
