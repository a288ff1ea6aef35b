package calibrate

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

var honesty = flag.Bool("honesty", false, "run the honesty table at its full size: 400 repetitions of nine settings, some minutes")

// The table of STATISTICS.md, section 2: 61 x 61 scores, a target of 0.5 %, delta 0.10, three months.
const (
	honestyScores = 61
	honestyTarget = 0.005
	honestyDelta  = 0.10
)

// A population is a known joint distribution of both scores by label, as probabilities of score positions.
type population struct {
	name   string
	fraud  float64
	legit  [2][honestyScores]float64   // by product; independent given the label
	frauds [][2][honestyScores]float64 // kinds of fraud, equally likely
}

// bell is a discrete bell curve over the score positions.
func bell(mean, sd float64) (p [honestyScores]float64) {
	var sum float64
	for i := range p {
		z := (float64(i) - mean) / sd
		p[i] = math.Exp(-z * z / 2)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

func populations() []population {
	legit := [2][honestyScores]float64{bell(38, 9), bell(38, 9)}
	return []population{
		{"A", 0.02, legit, [][2][honestyScores]float64{{bell(22, 9), bell(22, 9)}}},
		{"B", 0.02, legit, [][2][honestyScores]float64{{bell(14, 7), legit[1]}, {legit[0], bell(14, 7)}}},
		{"N", honestyTarget * 1.02, legit, [][2][honestyScores]float64{legit}},
	}
}

// truth returns the true fraud rate among what a policy approves, and the share that it approves.
func (p population) truth(pol *replay.Policy) (rate, approved float64) {
	var fraud, legit float64
	for i := range honestyScores {
		for j := range honestyScores {
			d := pol.Decide(replay.Case{First: withScore(position(i)), Second: withScore(position(j))})
			if d.Action != dataset.Approve {
				continue
			}
			legit += (1 - p.fraud) * p.legit[0][i] * p.legit[1][j]
			for _, kind := range p.frauds {
				fraud += p.fraud / float64(len(p.frauds)) * kind[0][i] * kind[1][j]
			}
		}
	}
	return fraud / (fraud + legit), fraud + legit
}

// position returns the score at a position of the grid.
func position(i int) int { return 20 + 16*i }

// history draws three months of n records.
func (p population) history(n int, rng *rand.Rand) []testRecord {
	sums := func(q [2][honestyScores]float64) (out [2][honestyScores]float64) {
		for k := range q {
			total := 0.0
			for i, v := range q[k] {
				total += v
				out[k][i] = total
			}
		}
		return out
	}
	draw := func(sum *[honestyScores]float64) replay.Answer {
		u := rng.Float64()
		low, high := 0, honestyScores-1
		for low < high {
			if mid := (low + high) / 2; sum[mid] > u {
				high = mid
			} else {
				low = mid + 1
			}
		}
		return withScore(position(low))
	}
	legit := sums(p.legit)
	var kinds [][2][honestyScores]float64
	for _, k := range p.frauds {
		kinds = append(kinds, sums(k))
	}
	out := make([]testRecord, 0, 3*n)
	for month := range 3 {
		at := dataset.MonthStart(2025*12 + month)
		for range n {
			from, label := &legit, dataset.Legit
			if rng.Float64() < p.fraud {
				from, label = &kinds[rng.IntN(len(kinds))], dataset.Fraud
			}
			out = append(out, testRecord{session: draw(&from[0]), onboarding: draw(&from[1]), label: label, time: at})
		}
	}
	return out
}

// honestChampion asks both products of everybody and approves where neither is worse than review.
func honestChampion() *replay.Policy {
	p := &replay.Policy{Name: "champion", First: "session", Second: "onboarding", FirstBands: replay.Standard, SecondBands: replay.Standard}
	for c := range p.Gate {
		p.Gate[c] = replay.Next
		for d := range p.Matrix[c] {
			p.Matrix[c][d] = dataset.Block
			if min(dataset.Cluster(c), dataset.Cluster(d)) >= dataset.ReviewCluster && max(c, d) < replay.NumRows-1 {
				p.Matrix[c][d] = dataset.Approve
			}
		}
	}
	return p
}

// A tally of promises: how often a way of choosing answered, broke the target, and what it approved.
type promises struct {
	answered, broken int
	approved         float64
}

func (p *promises) add(rate, approved float64) {
	p.answered++
	p.approved += approved
	if rate > honestyTarget {
		p.broken++
	}
}

// The ways of choosing: the best of all pairs of cutoffs, and of all staircases, on the records that ranked them; and the
// certified policy.
const (
	naivePair = iota
	naiveStaircase
	certified
	numWays
)

// honestyRun draws one history and asks each way for a policy.
func honestyRun(t testing.TB, p population, n int, rng *rand.Rand) (out [numWays]promises) {
	champion := honestChampion()
	goals := Goals{Objective: MostApprovals, Delta: honestyDelta, Limits: []replay.Limit{{Measure: "fraud_rate", Bound: replay.Decimal{Num: 5, Den: 1000}}}}
	records := p.history(n, rng)
	cube := cubeOf(t, replay.Question{Policies: []*replay.Policy{champion}, By: []string{replay.Month}, Exact: true}, records)
	got, err := Calibrate(cube, champion, goals)
	if err != nil {
		t.Error(err)
		return out
	}
	if c, found := got.Recommendation(); found {
		out[certified].add(p.truth(c.Policy))
	}
	// The naive ways look at one month, as the certificate does, and promise what they saw.
	last, err := cube.Slice(func(key []string) bool { return key[0] == "2025-03" })
	if err != nil {
		t.Error(err)
		return out
	}
	space, err := NewSpace(last, champion)
	if err != nil {
		t.Error(err)
		return out
	}
	grid, err := space.search(false)
	if err != nil {
		t.Error(err)
		return out
	}
	shapes := newMould(champion, goals)
	pair, err := grid.BestCutoffs(Problem{Maximize: Approvals(), Limits: []Limit{FraudRateAtMost(5, 1000)}})
	if err == nil && pair.Infeasible == "" {
		if policy, ok := shapes.staircase([]Corner{{pair.Session.High, pair.Onboarding.High}}); ok {
			out[naivePair].add(p.truth(policy))
		}
	}
	hull, err := grid.Hull(Approvals(), FraudApprovals())
	if err != nil {
		t.Error(err)
		return out
	}
	best := -1
	for i, v := range hull {
		if v.Gain > 0 && 1000*v.Cost <= 5*v.Gain {
			best = i
		}
	}
	if best >= 0 {
		out[naiveStaircase].add(p.truthOf(hull[best].Staircase))
	}
	return out
}

// truthOf is truth for a staircase of any shape.
func (p population) truthOf(s Staircase) (rate, approved float64) {
	var fraud, legit float64
	for i := range honestyScores {
		for j := range honestyScores {
			if !s.Approves(position(i), position(j)) {
				continue
			}
			legit += (1 - p.fraud) * p.legit[0][i] * p.legit[1][j]
			for _, kind := range p.frauds {
				fraud += p.fraud / float64(len(p.frauds)) * kind[0][i] * kind[1][j]
			}
		}
	}
	return fraud / (fraud + legit), fraud + legit
}

// honestyRuns repeats a setting; every repetition has random numbers of its own, so that workers do not matter.
func honestyRuns(t testing.TB, p population, n, repetitions int) (sum [numWays]promises) {
	runs := make([][numWays]promises, repetitions)
	var wg sync.WaitGroup
	for w := range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := w; i < repetitions; i += runtime.GOMAXPROCS(0) {
				runs[i] = honestyRun(t, p, n, rand.New(rand.NewPCG(uint64(n), uint64(i)<<8|uint64(p.name[0]))))
			}
		})
	}
	wg.Wait()
	for _, r := range runs {
		for way := range sum {
			sum[way].answered += r[way].answered
			sum[way].broken += r[way].broken
			sum[way].approved += r[way].approved
		}
	}
	return sum
}

// TestHonesty is the table of STATISTICS.md, section 2: on histories of known truth the certified policy breaks its target in
// at most delta + 3 standard errors of the runs, where every policy is too bad as well; the best on the records that ranked it
// breaks it far more often. Run it with -honesty for the full size.
func TestHonesty(t *testing.T) {
	sizes, repetitions := []int{20_000}, 40
	if testing.Short() {
		sizes, repetitions = []int{5_000}, 12
	}
	if *honesty {
		sizes, repetitions = []int{5_000, 20_000, 100_000}, 400
	}
	limit := honestyDelta + 3*math.Sqrt(honestyDelta*(1-honestyDelta)/float64(repetitions))
	table := &strings.Builder{}
	fmt.Fprintf(table, "target %.1f %%, delta %.2f, %d repetitions; broken in at most %.1f %% of runs is within 3 standard errors\n", 100*honestyTarget, honestyDelta, repetitions, 100*limit)
	fmt.Fprintf(table, "%-4s %9s | %-18s | %-18s | %-28s\n", "pop.", "per month", "best pair, broken", "best staircase", "certified: broken, answered, approves")
	for _, p := range populations() {
		for _, n := range sizes {
			got := honestyRuns(t, p, n, repetitions)
			share := func(k int) float64 { return 100 * float64(k) / float64(repetitions) }
			c := got[certified]
			fmt.Fprintf(table, "%-4s %9d | %16.1f %% | %16.1f %% | %5.1f %% %5.1f %% %5.1f %%\n", p.name, n, share(got[naivePair].broken),
				share(got[naiveStaircase].broken), share(c.broken), share(c.answered), 100*c.approved/float64(max(c.answered, 1)))
			if float64(c.broken)/float64(repetitions) > limit {
				t.Errorf("%s at %d a month: %d of %d certified policies break the target, want at most %.1f %%", p.name, n, c.broken, repetitions, 100*limit)
			}
			if p.name != "N" && n <= 20_000 && float64(got[naivePair].broken)/float64(repetitions) < 2*honestyDelta {
				t.Errorf("%s at %d a month: the naive pair breaks the target in %d of %d runs only: the test shows nothing", p.name, n, got[naivePair].broken, repetitions)
			}
		}
	}
	t.Log("\n" + table.String())
}
