package reports

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// An Explorer is the interactive page: one HTML file with a cube inside, in which a reader moves the edges of a policy, edits its
// gate and matrix, and sees what that would have done. It asks nothing of the network.
type Explorer struct {
	// Champion is the policy that the page begins with and compares with.
	Champion *replay.Policy
	// Cube is that of a question as ExploreQuestion completes it.
	Cube *replay.Cube
	// Economics are those of the question, nil without any; By names the fields to filter by, beside the month.
	Economics *replay.Economics
	By        []string
	// Limits are drawn, and each number that has one says whether it keeps it.
	Limits []replay.Limit
	// Confidence is that of the intervals, such as 0.95.
	Confidence float64
	// Step is how many scores apart the edges of the page may lie: 1, or a divisor of the scale such as 5, 10 or 25. With 0 it is the
	// least of 1, 5, 10 and 25 with which the cube keeps to the Budget, or the last of them.
	Step int
	// Budget is how many bytes the cube may take, compressed, before coarser steps are chosen; 0 stands for ExploreBudget.
	Budget int
}

// ExploreBudget is how many bytes the cube of a page may take, compressed, before coarser steps are chosen. In the page they are
// a third more.
const ExploreBudget = 4 << 20

// exploreSteps are those that a page chooses among.
var exploreSteps = []int{1, 5, 10, 25}

// ExploreQuestion completes a question so that its cube answers for every draft that the page can make of its one policy: every
// edge, and recorded clusters too, by month.
func ExploreQuestion(q replay.Question) replay.Question {
	champion := q.Policies[0]
	recorded := *champion
	recorded.Name += " (recorded)"
	recorded.FirstBands, recorded.SecondBands = replay.Recorded, replay.Recorded
	q.Policies = []*replay.Policy{champion, &recorded}
	q.Exact = true
	q.By = append([]string{replay.Month}, q.By...)
	return q
}

// ErrStep says that --step has a value that a page cannot have.
var ErrStep = errors.New("want 1..100 scores, a divisor of 1000 such as 5, 10 or 25")

// CheckStep returns ErrStep for a step that a page cannot have; 0 lets the page choose.
func CheckStep(step int) error {
	if step < 0 || step > 100 || step > 0 && (dataset.MaxScore%step != 0) {
		return fmt.Errorf("a step of %d: %w", step, ErrStep)
	}
	return nil
}

// CheckExploreLimits returns an error for a limit on what the page does not measure.
func CheckExploreLimits(p *replay.Policy, priced bool, limits []replay.Limit) error {
	known := exploreMeasures(p, priced)
	for _, l := range limits {
		if slices.Contains(known, l.Measure) {
			continue
		}
		if _, costs := calibrate.Find(costNames(), l.Measure); costs {
			return fmt.Errorf("limit %s: %s needs --economics", l, l.Measure)
		}
		return fmt.Errorf("limit %s: the page has no measure %q: want such as fraud_rate, approval_rate, insult_rate, review_per_day or cost_per_record", l, l.Measure)
	}
	return nil
}

// exploreMeasures names what the page measures.
func exploreMeasures(p *replay.Policy, priced bool) []string {
	set := calibrate.Setting{Confidence: displayConfidence, Days: 1}
	if priced {
		set.Economics = &replay.Economics{}
	}
	var out []string
	for _, m := range set.Measures(p, replay.Counts{}) {
		out = append(out, m.Name)
	}
	return slices.DeleteFunc(out, func(name string) bool { return name == "review_per_day_p95" || name == "review_per_day_max" })
}

func costNames() []calibrate.Measure {
	var out []calibrate.Measure
	for _, f := range calibrate.CostForms(&replay.Economics{}, &replay.Policy{}) {
		out = append(out, calibrate.Measure{Name: f.Name})
	}
	return out
}

// An ExploreSize tells what a page came to.
type ExploreSize struct {
	Records int64
	// Rows are those of its table, Step the distance of its edges, Bytes the length of the file.
	Rows, Step, Bytes int
}

// Write writes the page. The same Explorer writes the same bytes.
func (x Explorer) Write(w io.Writer) (ExploreSize, error) {
	if err := CheckStep(x.Step); err != nil {
		return ExploreSize{}, err
	}
	p, err := x.pack()
	if err != nil {
		return ExploreSize{}, err
	}
	data, err := x.data(p)
	if err != nil {
		return ExploreSize{}, err
	}
	page, err := x.page(data, p.bytes)
	if err != nil {
		return ExploreSize{}, err
	}
	n, err := w.Write(page)
	return ExploreSize{x.Cube.Records(), p.table.Len(), p.step, n}, err
}

// A packedCube is the table of a page, with the scores at which the edges of each product may lie.
type packedCube struct {
	table  *replay.Table
	bytes  []byte
	places [2][]int
	step   int
}

// pack makes the table of the least step that keeps to the budget.
func (x Explorer) pack() (p packedCube, err error) {
	steps, budget := exploreSteps, cmp.Or(x.Budget, ExploreBudget)
	if x.Step > 0 {
		steps = []int{x.Step}
	}
	for i, step := range steps {
		p.step, p.places = step, [2][]int{x.positions(step, x.Champion.FirstBands), x.positions(step, x.Champion.SecondBands)}
		var apart replay.Apart
		if step > 1 {
			apart = replay.Apart(p.places)
		}
		if p.table, err = x.Cube.Table(x.Champion, apart); err != nil {
			return p, err
		}
		const least = 2 // bytes that a row takes at the least, in the histories that were looked at: 3 and more
		if i < len(steps)-1 && p.table.Len() > budget/least {
			continue // which saves the time of compressing what is too large
		}
		if p.bytes, err = packTable(p.table); err != nil || len(p.bytes) <= budget {
			return p, err
		}
	}
	return p, nil
}

// positions returns the scores at which the edges of a page may lie: multiples of the step, and the edges that the champion and the
// published tables have.
func (x Explorer) positions(step int, bands replay.Bands) []int {
	var out []int
	for s := step; s <= dataset.MaxScore; s += step {
		out = append(out, s)
	}
	for _, b := range []replay.Bands{bands, replay.Standard, replay.Quintile} {
		if !b.Recorded() {
			out = append(out, b.Edges[:]...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
