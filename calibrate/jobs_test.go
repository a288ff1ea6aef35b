package calibrate

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// The cutoffs of the job grid1M (../../shared/PERFORMANCE.md): a hundred for each of a waterfall's three edges.
const cutoffsEach = 100

func jobBlock(i int) int      { return 200 + 3*i }
func jobApprove(i int) int    { return 500 + 3*i }
func jobOnboarding(i int) int { return 350 + 4*i }

// BenchmarkMillion counts a million waterfalls, from the files that HISTORY names with commas between them, and from a grid of every
// pair of scores that is in memory already.
func BenchmarkMillion(b *testing.B) {
	b.Run("grid", func(b *testing.B) {
		g := mustGrid(b, fullCells(dataset.MaxScore+1))
		for b.Loop() {
			million(g)
		}
	})
	history := os.Getenv("HISTORY")
	if history == "" {
		return
	}
	for _, file := range strings.Split(history, ",") {
		info, err := os.Stat(file)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("grid1M/"+info.Name(), func(b *testing.B) {
			var sums [4]int64
			for b.Loop() {
				sums = million(jobGrid(b, file))
			}
			b.Logf("approved, frauds and their amount approved, calls: %d", sums)
		})
	}
}

// jobGrid reads a history into a grid whose scores are apart at the job's cutoffs.
func jobGrid(b *testing.B, file string) *Grid {
	q := replay.Question{AbsentMissing: true}
	for i := range cutoffsEach {
		p := &replay.Policy{Name: fmt.Sprint(i), First: "session", Second: "onboarding",
			FirstBands:  replay.Bands{Edges: [4]int{jobBlock(i), jobApprove(i), 999, 1000}},
			SecondBands: replay.Bands{Edges: [4]int{jobOnboarding(i), 998, 999, 1000}}}
		q.Policies = append(q.Policies, p)
	}
	plan, err := replay.NewPlan(q)
	if err != nil {
		b.Fatal(err)
	}
	scan, err := dataset.Open(context.Background(), []string{file}, nil, dataset.Options{Fields: plan.Fields()})
	if err != nil {
		b.Fatal(err)
	}
	cube, err := replay.Build(context.Background(), plan, scan, runtime.GOMAXPROCS(0), nil)
	if err != nil {
		b.Fatal(err)
	}
	piles, err := cube.Piles(q.Policies[0])
	if err != nil {
		b.Fatal(err)
	}
	var cells []ScoreCell
	for p := range piles {
		cell := ScoreCell{Session: NoScore, Onboarding: NoScore, Label: p.Label, N: p.Records, Amount: p.Amount}
		if s, found := p.First.State.Score(); found {
			cell.Session = s
		}
		if s, found := p.Second.State.Score(); found {
			cell.Onboarding = s
		}
		cells = append(cells, cell)
	}
	return mustGrid(b, cells)
}

// million counts the job's waterfalls with all processors and adds up what they do.
func million(g *Grid) (sums [4]int64) {
	out := make([][4]int64, cutoffsEach*cutoffsEach*cutoffsEach)
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < cutoffsEach; i += workers {
				for j := range cutoffsEach {
					row := out[(i*cutoffsEach+j)*cutoffsEach:][:cutoffsEach]
					for k := range row {
						t, called := g.Flow(jobBlock(i), jobApprove(j), jobOnboarding(k))
						row[k] = [4]int64{t.N(), t.Records[dataset.Fraud], t.Amount[dataset.Fraud], called}
					}
				}
			}
		})
	}
	wg.Wait()
	for _, policy := range out {
		for i, n := range policy {
			sums[i] += n
		}
	}
	return sums
}
