package calibrate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/replay"
)

// A RolloutStep is one of the policies that lead from the champion to a recommendation.
type RolloutStep struct {
	// Policy is what to run in this step: the recommendation itself in the last, step-1, step-2, ... before.
	Policy *replay.Policy
	// Change is what the step does to the policy before it.
	Change Change
}

// MaxRolloutSteps bounds the steps of a rollout.
const MaxRolloutSteps = 50

// Rollout returns at most so many policies that lead from the champion to the recommendation: "start permissive, tighten
// gradually". What loosens comes first, in one step, and what tightens last, spread evenly over the others; where nothing
// tightens, or all in one part, what loosens is spread. There are fewer steps where the change has fewer parts, and none where
// both decide alike. Each policy is valid, and no two in a row decide alike.
//
// Whatever the records are, a step decides each as the champion does, as the recommendation does, or somewhere between: no
// step approves what neither of them approves, nor stops what both approve. A change that only tightens therefore approves
// no record in a step that it did not approve in the one before, and one that only loosens stops none. (On the records of a
// history for which the second product was not called, a step that would call it is undecided, whatever the others are.)
//
//   - Policies with the same bands part in cells of the gate and the matrix: milder cells come first, stricter cells last.
//   - Policies with the same gate and matrix, or whose clusters can be renumbered to be so, part in the edges of their bands.
//     These move in proportion: the falling edges first and the rising edges after them or, where a policy with all lower edges
//     would approve what neither approves, the rising edges first.
//   - Where four edges of each product hold all at which either policy decides otherwise, both are policies of these bands,
//     which part in cells.
//   - Other policies have no parts in common. The champion's edges move as far towards the recommendation as they loosen it,
//     then as far as they tighten it; one step crosses to the recommendation with edges as mild as that allows, which then move
//     to their places. Each of these may be empty but the crossing, which can be most of the way: its effect is to be read.
//
// Both policies ask the same products and have the same rules, and both or neither use the recorded clusters of a product: a
// calibration's Base, and what it recommends. All that is wrong is reported at once.
func Rollout(champion, recommended *replay.Policy, steps int) ([]RolloutStep, error) {
	if err := checkRollout(champion, recommended, steps); err != nil {
		return nil, err
	}
	w := &wayfinder{champion: champion, recommended: recommended}
	var out []RolloutStep
	before := champion
	for _, p := range w.steps(steps) {
		if change := changeOf(before, p); change != Same {
			out = append(out, RolloutStep{p, change})
			before = p
		}
	}
	if before != recommended && len(out) > 0 {
		out[len(out)-1].Policy = recommended // which decides alike
	}
	for i := range out[:max(len(out)-1, 0)] {
		p := *out[i].Policy
		p.Name, p.Description = fmt.Sprintf("step-%d", i+1), ""
		out[i].Policy = &p
	}
	return out, nil
}

func checkRollout(champion, recommended *replay.Policy, steps int) error {
	var errs []string
	add := func(format string, args ...any) { errs = append(errs, fmt.Sprintf(format, args...)) }
	if steps < 1 || steps > MaxRolloutSteps {
		add("%d steps of a rollout: want 1 to %d", steps, MaxRolloutSteps)
	}
	if champion.First != recommended.First || champion.Second != recommended.Second {
		add("policies %s and %s ask different products: a rollout leads from one to the other by edges and cells alone", champion.Name, recommended.Name)
	}
	same := func(a, b replay.Rule) bool { return a.When.Source == b.When.Source && a.Then == b.Then }
	if !slices.EqualFunc(champion.Rules, recommended.Rules, same) {
		add("policies %s and %s have different rules: want the same, a rollout moves edges and cells alone", champion.Name, recommended.Name)
	}
	if champion.FirstBands.Recorded() != recommended.FirstBands.Recorded() || champion.SecondBands.Recorded() != recommended.SecondBands.Recorded() {
		add("one of the policies %s and %s uses recorded clusters and the other bands of scores: want bands in both", champion.Name, recommended.Name)
	}
	if errs != nil {
		return fmt.Errorf("%s", strings.Join(errs, "\n"))
	}
	return nil
}

// A leg leads from one policy to another through those between.
type leg struct {
	from, to *replay.Policy
	change   Change
	// parts is how many policies the leg can be cut into; at returns the one after i of n, to for i = n.
	parts int
	at    func(i, n int) *replay.Policy
}

// A wayfinder finds the legs from the champion to the recommendation.
type wayfinder struct{ champion, recommended *replay.Policy }

// steps returns at most n policies, the last of which decides as the recommendation.
func (w *wayfinder) steps(n int) []*replay.Policy {
	legs := slices.DeleteFunc(w.legs(), func(l leg) bool { return l.change == Same })
	legs = legs[max(len(legs)-n, 0):]
	strides := stridesOf(legs, n)
	var out []*replay.Policy
	for i, l := range legs {
		before := l.from
		for j := 1; j < strides[i]; j++ {
			// Policies on the way are kept where they lead on: a matrix that is not monotone can let edges go astray.
			p := l.at(j, strides[i])
			if l.change.holds(before, p) && l.change.holds(p, l.to) && between(p, w.champion, w.recommended) {
				out = append(out, p)
				before = p
			}
		}
		out = append(out, l.to)
	}
	return out
}

// stridesOf deals n steps to legs, of which there are n at most: one to each and, to those that are to be gradual, the others
// in proportion to their parts. Gradual are the legs that tighten or, where none has parts, those that do what the last does.
func stridesOf(legs []leg, n int) []int {
	strides := slices.Repeat([]int{1}, len(legs))
	var gradual Change
	for _, l := range legs {
		if l.parts > 1 && gradual != Tightens {
			gradual = l.change
		}
	}
	for range n - len(legs) {
		next := -1
		for i, l := range legs {
			if l.change == gradual && l.parts > 1 && (next < 0 || l.parts*strides[next] > legs[next].parts*strides[i]) {
				next = i
			}
		}
		if next >= 0 {
			strides[next]++
		}
	}
	return strides
}

func (w *wayfinder) legs() []leg {
	if w.champion.FirstBands == w.recommended.FirstBands && w.champion.SecondBands == w.recommended.SecondBands {
		return byCells(w.champion, w.recommended)
	}
	if aligned, found := renumbered(w.recommended, w.champion); found {
		return w.byEdges(aligned)
	}
	if from, to, found := onCommonBands(w.champion, w.recommended); found {
		return byCells(from, to)
	}
	return w.byShape()
}

// byEdges moves the champion's edges to those of a policy with its gate and matrix that decides as the recommendation does.
func (w *wayfinder) byEdges(to *replay.Policy) []leg {
	from := w.champion
	for _, pick := range []func(a, b int) int{func(a, b int) int { return min(a, b) }, func(a, b int) int { return max(a, b) }} {
		middle := withEdges(from, func(product, i int) int { return pick(edge(from, product, i), edge(to, product, i)) })
		first, last := changeOf(from, middle), changeOf(middle, to)
		if first != Mixed && last != Mixed && between(middle, from, to) {
			return []leg{edgeLeg(from, middle), edgeLeg(middle, to)}
		}
	}
	return []leg{edgeLeg(from, to)}
}

// edgeLeg moves all edges at once, each in proportion to its way.
func edgeLeg(from, to *replay.Policy) leg {
	l := leg{from: from, to: to, change: changeOf(from, to), parts: 1}
	for product := range 2 {
		for i := range from.FirstBands.Edges {
			a, b := edge(from, product, i), edge(to, product, i)
			l.parts = max(l.parts, a-b, b-a)
		}
	}
	l.at = func(i, n int) *replay.Policy {
		// Rounded to the nearest, edges that rise strictly at both ends do so between them: they are 1 apart or more before.
		return withEdges(from, func(product, e int) int { return (edge(from, product, e)*(n-i) + edge(to, product, e)*i + n/2) / n })
	}
	return l
}

// edge returns an edge of the first product's bands or of the second's, 0 for recorded ones.
func edge(p *replay.Policy, product, i int) int {
	return bandsOf(p, product).Edges[i]
}

// withEdges returns a copy of a policy with other edges.
func withEdges(p *replay.Policy, of func(product, i int) int) *replay.Policy {
	q := *p
	for i := range q.FirstBands.Edges {
		q.FirstBands.Edges[i], q.SecondBands.Edges[i] = of(0, i), of(1, i)
	}
	return &q
}
