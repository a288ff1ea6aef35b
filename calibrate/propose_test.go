package calibrate

import (
	"runtime"
	"slices"
	"testing"
)

// TestProposalsOnAnyCores: what is proposed, and in which order, does not depend on the processors, and is what one search
// after the other proposes.
func TestProposalsOnAnyCores(t *testing.T) {
	champion := honestChampion()
	cube := bellCube(t, 20_000, 10, champion)
	propose := func(cores int) (out []string) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		list, _, err := periodsOf(cube, champion)
		if err != nil {
			t.Fatal(err)
		}
		w, err := windowOf("propose", cube, list)
		if err != nil {
			t.Fatal(err)
		}
		p, err := newProposer(w, champion, champion, bellGoals(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.propose(); err != nil {
			t.Fatal(err)
		}
		for _, f := range p.found {
			out = append(out, string(f.family)+"\n"+f.yaml)
		}
		if cores > 1 {
			return out
		}
		// The slow twin of the searches by price.
		want := p.found
		p.found, p.seen = nil, map[string]bool{}
		for _, f := range want {
			if f.family != Staircases {
				p.seen[f.yaml] = true
			}
		}
		for _, margin := range []float64{0, 3} {
			for _, price := range priceLadder() {
				for _, steps := range []int{2, 4} {
					s, _, err := p.grid.BestSteps(p.priced(price, margin), p.mould.otherwise, steps)
					if err != nil {
						t.Fatal(err)
					}
					if len(s.Corners) > 0 {
						p.addCorners(Staircases, s.Corners...)
					}
				}
			}
		}
		var twin []string
		for _, f := range p.found {
			twin = append(twin, string(f.family)+"\n"+f.yaml)
		}
		if i := len(out) - len(twin); i < 0 || len(twin) == 0 || !slices.Equal(twin, out[i:]) {
			t.Errorf("one after the other propose %d staircases, at once %d policies end otherwise", len(twin), len(out))
		}
		return out
	}
	if one, four := propose(1), propose(4); !slices.Equal(one, four) {
		t.Errorf("%d proposals on one core and %d on four, or others", len(one), len(four))
	}
}
