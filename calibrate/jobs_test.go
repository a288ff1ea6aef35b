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

// A jobCutoffs is the grid of waterfalls of one of the jobs grid1000 and grid1M (../../shared/PERFORMANCE.md): each of a waterfall's three
// edges at as many scores, these far apart.
type jobCutoffs struct{ each, session, onboarding int }

var (
	thousand = jobCutoffs{10, 30, 40}
	million  = jobCutoffs{100, 3, 4}
)

func (c jobCutoffs) block(i int) int   { return 200 + c.session*i }
func (c jobCutoffs) approve(i int) int { return 500 + c.session*i }
func (c jobCutoffs) pass(i int) int    { return 350 + c.onboarding*i }

// BenchmarkWaterfalls counts a million waterfalls on a grid of every pair of scores, and a thousand and a million from the files that
// HISTORY names, with commas between them.
func BenchmarkWaterfalls(b *testing.B) {
	b.Run("million", func(b *testing.B) {
		g := mustGrid(b, fullCells(dataset.MaxScore+1))
		for b.Loop() {
			million.count(g)
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
		for _, job := range []struct {
			name    string
			cutoffs jobCutoffs
		}{{"grid1000", thousand}, {"grid1M", million}} {
			b.Run(job.name+"/"+info.Name(), func(b *testing.B) {
				var sums [4]int64
				for b.Loop() {
					sums = job.cutoffs.count(job.cutoffs.grid(b, file))
				}
				b.Logf("sums over the policies of approved records, their frauds, these frauds' amount, and calls: %d", sums)
			})
		}
	}
}

// grid reads a history into a grid whose scores are apart at the cutoffs.
func (c jobCutoffs) grid(b *testing.B, file string) *Grid {
	q := replay.Question{AbsentMissing: true}
	for i := range c.each {
		p := &replay.Policy{Name: fmt.Sprint(i), First: "session", Second: "onboarding",
			FirstBands:  replay.Bands{Edges: [4]int{c.block(i), c.approve(i), 999, 1000}},
			SecondBands: replay.Bands{Edges: [4]int{c.pass(i), 998, 999, 1000}}}
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

// count counts every waterfall with all processors and adds up what they do.
func (c jobCutoffs) count(g *Grid) (sums [4]int64) {
	out := make([][4]int64, c.each*c.each*c.each)
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < c.each; i += workers {
				for j := range c.each {
					row := out[(i*c.each+j)*c.each:][:c.each]
					for k := range row {
						t, called := g.Flow(c.block(i), c.approve(j), c.pass(k))
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
