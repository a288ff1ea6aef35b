package calibrate

import (
	"flag"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
)

var coverageTable = flag.Bool("coverage-table", false, "run the coverage table at its full size: 400 histories of each mechanism, some minutes")

// coverageLevel is the confidence of every interval in the table.
const coverageLevel = 0.95

// A mechanism is one way in which a history hides the truth.
type mechanism struct {
	name      string
	options   dataset.SynthOptions // what differs from a history in which nothing is hidden
	questions []coverageQuestion
}

// A coverageQuestion has two answers: the naive one, which counts what there is, and that of this package.
type coverageQuestion struct {
	asked, naive, ours string
	ask                func(*coverageHistory) coverageAnswer
	// claimed is the coverage that our answer claims: coverageLevel, less where its documentation says less, 0 where there is no
	// answer and the table says so.
	claimed float64
	// bites is the most of the runs in which the naive interval may hold the truth. A mechanism that does not mislead tests
	// nothing. 1 is for the control.
	bites float64
}

// A coverageAnswer is what one history says, with the truth.
type coverageAnswer struct {
	truth     float64 // of the model that drew the history
	naive     float64
	low, high float64 // the naive interval
	// ours is what this package says: an interval, undefined where it refuses, and bounds, undefined where it has none.
	ourLow, ourHigh, least, most Number
	// twin is what the same policy counts on the twin of the history, in which nothing is hidden; NaN where there is none.
	twin float64
}

// A coverageSum adds answers up.
type coverageSum struct {
	runs, naiveHeld, answered, held, bounded, inBounds int
	naiveError, width, boundsWidth                     float64
}

func (s *coverageSum) add(a coverageAnswer) {
	s.runs++
	s.naiveHeld += b2i(a.low <= a.truth && a.truth <= a.high)
	s.naiveError += a.naive/a.truth - 1
	if a.ourLow.Defined() && a.ourHigh.Defined() {
		s.answered++
		s.held += b2i(float64(a.ourLow) <= a.truth && a.truth <= float64(a.ourHigh))
		s.width += float64(a.ourHigh - a.ourLow)
	}
	if a.least.Defined() && a.most.Defined() {
		s.bounded++
		s.inBounds += b2i(float64(a.least) <= a.twin && a.twin <= float64(a.most))
		s.boundsWidth += float64(a.most - a.least)
	}
}

// coverageRuns asks a mechanism's questions of so many histories, each of a seed of its own: workers do not matter, because the
// answers are added up in order.
func coverageRuns(m mechanism, runs int) []coverageSum {
	answers := make([][]coverageAnswer, runs)
	var wg sync.WaitGroup
	for w := range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := w; i < runs; i += runtime.GOMAXPROCS(0) {
				h := newCoverageHistory(m.options, uint64(i))
				for _, q := range m.questions {
					answers[i] = append(answers[i], q.ask(h))
				}
			}
		})
	}
	wg.Wait()
	sums := make([]coverageSum, len(m.questions))
	for _, list := range answers {
		for i, a := range list {
			sums[i].add(a)
		}
	}
	return sums
}

// row prints the sums as a line of a Markdown table.
func (q coverageQuestion) row(mechanism string, s coverageSum) string {
	share := func(k, n int) string {
		if n == 0 {
			return "–"
		}
		return fmt.Sprintf("%.1f %%", 100*float64(k)/float64(n))
	}
	width := func(sum float64, n int) string {
		if n == 0 {
			return "–"
		}
		return fmt.Sprintf("%.2f", 100*sum/float64(n))
	}
	held := share(s.held, s.answered)
	if q.claimed == 0 {
		held += " (not corrected)"
	}
	return fmt.Sprintf("| %s | %s | %s | %+.1f %% | %s | %s | %s | %s | %s | %s |", mechanism, q.asked, q.naive, 100*s.naiveError/float64(s.runs),
		share(s.naiveHeld, s.runs), q.ours, share(s.inBounds, s.bounded), width(s.boundsWidth, s.bounded), held, width(s.width, s.answered))
}

const coverageHead = `| mechanism | asked | naive number | its mean error | its interval holds the truth | our answer | bounds hold the twin | their width | interval holds the truth | its width |
|---|---|---|---|---|---|---|---|---|---|`

// TestCoverage asks of histories with known truth what each mechanism of dataset.Synth hides: our intervals hold the truth at their
// level (less 3 standard errors of the simulation), our bounds always hold what the uncensored twin counts, and the naive
// interval does not. It prints the README's table with
//
//	go test ./calibrate -run TestCoverage -coverage-table -v
func TestCoverage(t *testing.T) {
	runs := 30
	if testing.Short() {
		runs = 8
	}
	if *coverageTable {
		runs = 400
	}
	table := &strings.Builder{}
	fmt.Fprintf(table, "%d histories of %d records each, intervals at %.0f %%, widths in points\n%s\n", runs, coverageRecords, 100*coverageLevel, coverageHead)
	for _, m := range mechanisms() {
		t.Run(m.name, func(t *testing.T) {
			for i, s := range coverageRuns(m, runs) {
				fmt.Fprintln(table, m.questions[i].row(m.name, s))
				m.questions[i].check(t, s)
			}
		})
	}
	t.Log("\n" + table.String())
}

// check fails unless all bounds hold, the interval holds as often as it claims and the naive one as seldom as expected, less 3 standard
// errors of the simulation.
func (q coverageQuestion) check(t *testing.T, s coverageSum) {
	slack := func(p float64) float64 { return 3 * math.Sqrt(p*(1-p)/float64(s.runs)) }
	if s.inBounds < s.bounded {
		t.Errorf("%s: %d of %d bounds hold what the twin counts, want all", q.ours, s.inBounds, s.bounded)
	}
	if held := float64(s.held) / float64(max(s.answered, 1)); s.answered < s.runs || held < q.claimed-slack(q.claimed) {
		t.Errorf("%s: %d of %d intervals of %d runs hold the truth, want %.3f", q.ours, s.held, s.answered, s.runs, q.claimed-slack(q.claimed))
	}
	if held := float64(s.naiveHeld) / float64(s.runs); held > q.bites+slack(q.bites) {
		t.Errorf("%s: %d of %d naive intervals hold the truth, want at most %.3f: the mechanism does not bite", q.asked, s.naiveHeld, s.runs, q.bites+slack(q.bites))
	}
}
