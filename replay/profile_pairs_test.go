package replay

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// TestScorePairs counts pairs with a map, over random records that any number of workers shared.
func TestScorePairs(t *testing.T) {
	found := []dataset.Discovered{
		{Field: dataset.Field{Name: "session", Kind: dataset.KindState}}, {Field: dataset.Field{Name: "onboarding", Kind: dataset.KindState}}}
	fields := ProfileFields(found)
	rapid.Check(t, func(t *rapid.T) {
		workers := []*profiler{profilerOf(t, found), profilerOf(t, found), profilerOf(t, found)}
		if workers[0].session < 0 || workers[0].onboard < 0 {
			t.Fatalf("fields %v lack a product", fields)
		}
		want := map[[2]int][dataset.NumLabels]int64{}
		for _, r := range rapid.SliceOfN(rapid.Custom(drawRow), 0, 60).Draw(t, "rows") {
			workers[rapid.IntRange(0, 2).Draw(t, "worker")].add(profileBatch(fields, r))
			s, first := r.answers["session"].State.Score()
			o, second := r.answers["onboarding"].State.Score()
			if first && second && r.label != dataset.Unlabeled && !r.bad {
				n := want[[2]int{s, o}]
				n[r.label]++
				want[[2]int{s, o}] = n
			}
		}
		workers[0].merge(workers[1])
		workers[0].merge(workers[2])
		got := map[[2]int][dataset.NumLabels]int64{}
		last := [2]int{-1, -1}
		for _, p := range workers[0].freeze().ScorePairs {
			at := [2]int{p.Session, p.Onboarding}
			if at[0] < last[0] || at[0] == last[0] && at[1] <= last[1] {
				t.Errorf("pair %v comes after %v", at, last)
			}
			last, got[at] = at, p.Records
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-record by record +profile)\n%s", diff)
		}
	})
}

func profilerOf(t rapid.TB, found []dataset.Discovered) *profiler {
	p, err := newProfiler(found)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// profileBatch lays a row out for a profile of session and onboarding.
func profileBatch(fields []dataset.Field, r row) *dataset.Batch {
	b := &dataset.Batch{N: 1, Cols: make([]dataset.Column, len(fields)), Bad: []bool{r.bad}}
	for i, f := range fields {
		c := &b.Cols[i]
		answer := r.answers[dataset.ProductOf(f.Name)]
		switch {
		case f.Kind == dataset.KindState:
			c.State = []dataset.State{r.answers[f.Name].State}
		case f.Kind == dataset.KindCluster:
			c.U8 = []uint8{uint8(answer.Cluster)}
		case f.Kind == dataset.KindLabel:
			c.U8 = []uint8{uint8(r.label)}
		case f.Kind == dataset.KindAction:
			c.U8 = []uint8{0}
		case f.Kind == dataset.KindAmount:
			c.I64 = []int64{r.amount}
		case f.Name == dataset.Timestamp:
			c.I64 = []int64{r.time}
		default:
			c.I64 = []int64{dataset.NoTime}
		}
	}
	return b
}

// TestProfileAmounts adds the amounts of scores and clusters up to the total of the answers that have them.
func TestProfileAmounts(t *testing.T) {
	found := []dataset.Discovered{{Field: dataset.Field{Name: "session", Kind: dataset.KindState}}}
	fields := ProfileFields(found)
	p := profilerOf(t, found)
	for score, amount := range map[int]int64{0: 5, 450: dataset.NoAmount, 1000: 12_345} {
		p.add(profileBatch(fields, row{answers: map[string]Answer{"session": {State: dataset.Scored(score), Cluster: dataset.High}}, label: dataset.Fraud, amount: amount, time: dataset.NoTime}))
	}
	s := p.freeze().Products[0]
	if got := s.Scores[0].Value() + s.Scores[450].Value() + s.Scores[1000].Value(); got != 12_350 || s.Scores[1000].Amount[dataset.Fraud] != 12_345 {
		t.Errorf("scores hold an amount of %d", got)
	}
	if got := s.Clusters[dataset.High].Amount[dataset.Fraud]; got != 12_350 {
		t.Errorf("the cluster holds an amount of %d", got)
	}
}
