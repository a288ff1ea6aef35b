package calibrate

import (
	"iter"
	"math"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A hearing holds the records of a window for the tests of many policies, and knows which labels are missing that should be
// there. What production stopped has often no outcome: a search that counts only outcomes would approve all of it as if it
// were clean, and would block all of it as if no good customer were among it (STATISTICS.md, section 4). Without knowing why a
// label is missing, a policy is heard thus: of the records that production stopped, those that the policy approves should be
// labeled as often as what production approved, and so should those that it blocks, and so on. What is missing beyond that,
// and beyond what chance explains, is withheld: it counts as what hurts most. What production did is recorded, or replayed, or
// else taken from the champion; see produced.
type hearing struct {
	bench
	Window
	space   *Space
	stopped *Space // the records that production stopped; nil where none of them lacks a label
	// labeled is the share of labeled records among those that production approved.
	labeled float64
	// champion is what the champion does with the records that production stopped.
	champion replay.Counts
	wager    *wager // nil where the goals declare no cap, and in a window that promises nothing
}

// chance is how many standard errors fewer labels than expected are put down to chance.
const chance = 3

func newHearing(w Window, champion, base *replay.Policy, g Goals) (*hearing, error) {
	h := &hearing{Window: w}
	var err error
	if h.bench, err = newBench(g, base, w.Days()); err != nil {
		return nil, err
	}
	if h.space, err = NewSpace(w.cube, base); err != nil {
		return nil, err
	}
	r, err := w.cube.Run(champion)
	if err != nil {
		return nil, err
	}
	p := producedIn(r)
	h.labeled, h.champion = p.share(), p.stopped
	if p.all().Records[dataset.Unlabeled] == 0 {
		return h, nil
	}
	piles, err := w.cube.Piles(base)
	if err != nil {
		return nil, err
	}
	h.stopped, err = spaceOf(without(piles, champion), base)
	return h, err
}

// without yields the piles that production stopped.
func without(piles iter.Seq[replay.Pile], champion *replay.Policy) iter.Seq[replay.Pile] {
	return func(yield func(replay.Pile) bool) {
		for p := range piles {
			if !isApproved(didWith(p, champion)) && !yield(p) {
				return
			}
		}
	}
}

// designs are those of the hearing's window.
func (h *hearing) designs(p *replay.Policy, level float64) ([]float64, error) {
	return h.bench.designs(h.Window, p, level)
}

// A withholding is what history does not say of a policy: how many labels are missing where they should be, by what the policy
// does with these records, and what may become of those that it leaves undecided.
type withholding struct {
	labels [dataset.NumActions]int64
	open   *bounder // nil where nothing is undecided, or where any action is feared of it
}

// withheld returns what is withheld of a policy: labels of the records that production stopped, and answers.
func (h *hearing) withheld(p *replay.Policy) (out withholding) {
	if h.stopped != nil {
		out = h.lacking(h.stopped.counts(p))
	}
	if h.space.leavesOpen {
		counts, open := h.space.counted(p)
		out.open = newBounder(p, counts, &open)
	}
	return out
}

// lacking returns how many labels some of the records that production stopped lack, action by action.
func (h *hearing) lacking(c replay.Counts) (out withholding) {
	for a, t := range c.Actions {
		out.labels[a] = lacking(t, h.labeled)
	}
	return out
}

// lacking returns how many labels some records lack of a share that should have one, beyond chance.
func lacking(t replay.Tally, share float64) int64 {
	n := float64(t.N())
	least := n*share - chance*math.Sqrt(n*share*(1-share))
	return max(0, min(int64(math.Ceil(least))-t.Labeled(), t.Records[dataset.Unlabeled]))
}

// cautious yields the piles of a window with the unlabeled records of each action by which production stopped them, where that
// action lacks labels, as frauds: a search should not be drawn to where nothing was seen.
func cautious(w Window, champion, base *replay.Policy) (iter.Seq[replay.Pile], error) {
	r, err := w.cube.Run(champion)
	if err != nil {
		return nil, err
	}
	made := producedIn(r)
	var lacks [dataset.NumActions]bool
	for a := range lacks {
		lacks[a] = !isApproved(dataset.Action(a)) && lacking(made.by[a], made.share()) > 0
	}
	piles, err := w.cube.Piles(base)
	if err != nil {
		return nil, err
	}
	return func(yield func(replay.Pile) bool) {
		for p := range piles {
			if p.Label == dataset.Unlabeled && lacks[didWith(p, champion)] {
				p.Label = dataset.Fraud
			}
			if !yield(p) {
				return
			}
		}
	}, nil
}
