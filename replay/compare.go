package replay

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// A Comparison is what a challenger would have done to a history otherwise than the champion, record by record: both policies
// decide on every record, so nothing in it depends on how records fall into two samples.
type Comparison struct {
	Champion, Challenger *Policy
	// Economics are the question's, nil where it had none.
	Economics *Economics
	Swap
	// Crossings says which parts of the two policies decided; together they hold each record once. They are ordered by the
	// champion's part, then by the challenger's: rules in the policy's order, gate, matrix, undecided, cells by cluster.
	Crossings []Crossing
	// Groups holds the swap table of each group of the fields asked for with By, ordered by their keys; nil without By.
	Groups []SwapGroup
	// Dependence is that of Cube.PairDependence where somebody asked for it; Compare leaves it nil.
	Dependence *PairDependence
	// Entities are the dependences under the champion and under the challenger, set with Dependence.
	Entities [2]*Dependence
	// NoAmount counts the records of the history that carry no amount.
	NoAmount int64
	// Unseen names the products and the fields of rules that one of the policies reads and no record has, ordered.
	Unseen []string
}

// A Swap counts the same records under two policies. The zero value counts none.
type Swap struct {
	// Actions counts the records that the champion treats with the first action and the challenger with the second. Those on
	// the diagonal are unchanged; Undecided is one of the actions.
	Actions [dataset.NumActions][dataset.NumActions]Tally
	// Called counts the records by whether the champion asks its second product, 1 if it does, and whether the challenger does.
	Called [2][2]int64
	// Stopped counts the records that production stopped and that the champion approves, 0, or the challenger, 1. Of a record of
	// which nobody knows what production did, the champion tells, which is the policy in force. It is nil where that is all
	// records.
	Stopped *[2]Tally
}

// A SwapGroup is the part of a history that shares the values of the By fields.
type SwapGroup struct {
	// Key is that of Group.
	Key []string
	Swap
}

// Pairs counts records by whether each of two policies treats them with an action of a set. Its fields are all that a paired
// test needs: McNemar's looks at the two in which the policies differ, the influence function of a rate at all four by label.
type Pairs struct{ Both, OnlyChampion, OnlyChallenger, Neither Tally }

// Approved lists the actions that let a record through.
var Approved = []dataset.Action{dataset.Approve, dataset.Monitor}

// Compare replays two policies over the cube, side by side. Both must be ones that the cube's plan covers.
func (c *Cube) Compare(champion, challenger *Policy) (*Comparison, error) {
	for _, pol := range []*Policy{champion, challenger} {
		if err := c.plan.covers(pol); err != nil {
			return nil, err
		}
	}
	run := [2]*runner{c.plan.runner(champion), c.plan.runner(challenger)}
	known := slices.ContainsFunc(c.groups, func(g cubeGroup) bool { return g.past != dataset.NoAction })
	var stopped *[2]Tally
	if known {
		stopped = &[2]Tally{}
	}
	parts := newCrossTable(champion, challenger)
	groups := map[string]*SwapGroup{}
	for i := range c.groups {
		g := &c.groups[i]
		var swap *Swap
		if len(g.key) > 0 {
			id := fmt.Sprintf("%q", g.key)
			if groups[id] == nil {
				groups[id] = &SwapGroup{Key: g.key}
				if known {
					groups[id].Stopped = &[2]Tally{}
				}
			}
			swap = &groups[id].Swap
		}
		crossGroup(run, g, parts, swap, stopped)
	}
	out := &Comparison{Champion: champion, Challenger: challenger, Economics: c.plan.Economics, Crossings: parts.crossings(), NoAmount: c.NoAmount}
	out.Stopped = stopped
	for _, x := range out.Crossings {
		out.Swap.add(&x.Champion.Decision, &x.Challenger.Decision, x.Tally)
	}
	for _, g := range groups {
		out.Groups = append(out.Groups, *g)
	}
	slices.SortFunc(out.Groups, func(a, b SwapGroup) int { return slices.Compare(a.Key, b.Key) })
	out.Unseen = slices.Concat(c.unseenBy(champion), c.unseenBy(challenger))
	slices.Sort(out.Unseen)
	out.Unseen = slices.Compact(out.Unseen)
	return out, nil
}

// crossGroup adds the cells of one group to the parts that decided and, where there are By fields, to the group's own swap. What
// production stopped is added to stopped, nil where that is not known.
func crossGroup(run [2]*runner, g *cubeGroup, parts *crossTable, swap *Swap, stopped *[2]Tally) {
	champion, challenger := run[0].in(g), run[1].in(g)
	for i, cell := range g.cells {
		label, codes := cell.index%dataset.NumLabels, cell.index/dataset.NumLabels
		a, b := champion.decision(codes), challenger.decision(codes)
		part := parts.at(a, b)
		part.add(label, cell.n, cell.amount)
		if g.spreads != nil {
			part.widen(label, g.spreads[i])
		}
		if swap == nil && stopped == nil {
			continue
		}
		var t Tally
		t.add(label, cell.n, cell.amount)
		if g.spreads != nil {
			t.widen(label, g.spreads[i])
		}
		if swap != nil {
			swap.add(a, b, t)
		}
		if past := cmp.Or(g.past, a.Action); stopped != nil && !lets(past) {
			addStopped(stopped, a, b, t)
			if swap != nil {
				addStopped(swap.Stopped, a, b, t)
			}
		}
	}
}

// addStopped adds records that production stopped to those that a policy approves.
func addStopped(to *[2]Tally, champion, challenger *Decision, t Tally) {
	for i, d := range [...]*Decision{champion, challenger} {
		if lets(d.Action) {
			to[i] = to[i].Add(t)
		}
	}
}

// SwapIns returns the records that the challenger approves and that production stopped. Where the history does not say what
// production did, the champion stands for it.
func (s *Swap) SwapIns() Tally {
	if s.Stopped != nil {
		return s.Stopped[1]
	}
	return s.Approvals().OnlyChallenger
}

func (s *Swap) add(a, b *Decision, t Tally) {
	at := &s.Actions[a.Action][b.Action]
	*at = at.Add(t)
	s.Called[asked(a)][asked(b)] += t.N()
}

func asked(d *Decision) int {
	if d.Called {
		return 1
	}
	return 0
}

// Counts returns what each of the two policies did: the rows and the columns of the table, added up.
func (s *Swap) Counts() (champion, challenger Counts) {
	for a, row := range s.Actions {
		for b, t := range row {
			champion.Actions[a] = champion.Actions[a].Add(t)
			challenger.Actions[b] = challenger.Actions[b].Add(t)
		}
	}
	n := s.Called
	all := n[0][0] + n[0][1] + n[1][0] + n[1][1]
	champion.Calls = [2]int64{all, n[1][0] + n[1][1]}
	challenger.Calls = [2]int64{all, n[0][1] + n[1][1]}
	return champion, challenger
}

// Difference returns the challenger's counts less the champion's: what the change of policy adds to each action, negative
// where it takes away.
func (s *Swap) Difference() Counts {
	champion, challenger := s.Counts()
	return challenger.Sub(champion)
}

// Changed returns the tally of the records that the two policies treat with different actions.
func (s *Swap) Changed() Tally {
	var out Tally
	for a, row := range s.Actions {
		for b, t := range row {
			if a != b {
				out = out.Add(t)
			}
		}
	}
	return out
}

// Add returns the sum of two swap tables.
func (s Swap) Add(t Swap) Swap {
	for a := range s.Actions {
		for b := range s.Actions[a] {
			s.Actions[a][b] = s.Actions[a][b].Add(t.Actions[a][b])
		}
	}
	for i := range s.Called {
		for j := range s.Called[i] {
			s.Called[i][j] += t.Called[i][j]
		}
	}
	switch {
	case s.Stopped == nil:
		s.Stopped = t.Stopped
	case t.Stopped != nil:
		s.Stopped = &[2]Tally{s.Stopped[0].Add(t.Stopped[0]), s.Stopped[1].Add(t.Stopped[1])}
	}
	return s
}

// Pairs counts the records by whether each policy treats them with one of the actions given for it. The two sets are the
// same, such as Approved, for a difference; they are not for its bounds, where one policy's undecided records are counted in
// and the other's are not.
func (s *Swap) Pairs(champion, challenger []dataset.Action) Pairs {
	var p Pairs
	for a, row := range s.Actions {
		inA := slices.Contains(champion, dataset.Action(a))
		for b, t := range row {
			inB := slices.Contains(challenger, dataset.Action(b))
			at := &p.Neither
			switch {
			case inA && inB:
				at = &p.Both
			case inA:
				at = &p.OnlyChampion
			case inB:
				at = &p.OnlyChallenger
			}
			*at = at.Add(t)
		}
	}
	return p
}

// Approvals is Pairs of Approved for both policies.
func (s *Swap) Approvals() Pairs { return s.Pairs(Approved, Approved) }

// Sub returns the difference of two tallies.
func (t Tally) Sub(u Tally) Tally {
	for i := range t.Records {
		t.Records[i] -= u.Records[i]
		t.Amount[i] -= u.Amount[i]
		t.Spread[i] = t.Spread[i].Sub(u.Spread[i])
	}
	return t
}

// Sub returns the difference of two counts.
func (c Counts) Sub(d Counts) Counts {
	for i := range c.Actions {
		c.Actions[i] = c.Actions[i].Sub(d.Actions[i])
	}
	for i := range c.Calls {
		c.Calls[i] -= d.Calls[i]
	}
	return c
}
