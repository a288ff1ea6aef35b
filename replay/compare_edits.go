package replay

import (
	"fmt"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// An Edit is one step on the way from one policy to another.
type Edit struct {
	// Name says what is edited, and from what to what: "session high 551 -> 520", "rule vpn: added",
	// "gate[review] review -> next", "matrix[low][high] block -> approve".
	Name string
	// Policy is the policy after this edit and all before it. The last one is the challenger itself, the others are named
	// step-1, step-2, ...
	Policy *Policy
	// Product is the one whose cutoff moves, "" in an edit of anything else. The cutoff is the lower edge of Cluster, From
	// in the champion and To in the challenger.
	Product  string
	Cluster  dataset.Cluster
	From, To int
}

// Scores returns the scores, both included, whose cluster the edit of a cutoff changes: those from the lower of its two
// places up to one below the higher. found is false for any other edit.
func (e Edit) Scores() (low, high int, found bool) {
	return min(e.From, e.To), max(e.From, e.To) - 1, e.Product != ""
}

// Edits returns the steps that lead from the champion to the challenger, one part of the policy at a time; nil where the two
// decide alike because they say the same. Each policy on the way is valid, and none reads more than the champion and the
// challenger together, so a cube of a plan whose Question.Policies are these two (or hold them) answers for all.
//
// What an edit changes depends on the edits before it: a rule added before a cutoff moves takes records from the cutoff's
// account. The order is therefore fixed, and part of what a contribution means:
//
//  1. the second product, where the challenger adds or replaces one;
//  2. the cutoffs of the first product, then of the second: those that rise, from very_high down to low, then those that
//     fall, from low up to very_high, so that edges never cross; a change from or to the recorded clusters is one edit;
//  3. the rules: removed, edited in place, reordered, added. Rules correspond by name, or else by saying the same;
//  4. the gate and the matrix, first cluster by first cluster from missing to very_high: a gate cell with its row of the
//     matrix where next comes or goes, else each cell of the row;
//  5. the second product, where the challenger drops it.
//
// Policies that ask different products first have no part in common: the whole policy is one edit.
func Edits(champion, challenger *Policy) []Edit {
	e := &editor{Policy: *champion, to: challenger}
	if champion.First != challenger.First {
		e.Policy = *challenger
		e.done(Edit{Name: "first " + champion.First + " -> " + challenger.First})
	} else {
		e.addSecond()
		e.bands(e.First, &e.FirstBands, challenger.FirstBands)
		if challenger.Second != "" {
			e.bands(e.Second, &e.SecondBands, challenger.SecondBands)
		}
		e.rules()
		for c := range e.Gate {
			e.row(dataset.Cluster(c))
		}
		e.dropSecond()
	}
	if n := len(e.edits); n > 0 {
		e.edits[n-1].Policy = challenger
	}
	return e.edits
}

// An editor is the policy on its way.
type editor struct {
	Policy
	to    *Policy
	edits []Edit
}

// done records an edit after the editor's policy has been changed. The policy's rules are replaced, never changed in place.
func (e *editor) done(edit Edit) {
	p := e.Policy
	p.Name, p.Description = fmt.Sprintf("step-%d", len(e.edits)+1), ""
	edit.Policy = &p
	e.edits = append(e.edits, edit)
}

func (e *editor) addSecond() {
	if e.to.Second == "" || e.Second == e.to.Second {
		return
	}
	from := e.Second
	e.Second, e.SecondBands = e.to.Second, e.to.SecondBands
	e.done(Edit{Name: secondName(from, e.Second)})
}

// dropSecond comes last, when no row of the gate says next any more.
func (e *editor) dropSecond() {
	if e.to.Second != "" || e.Second == "" {
		return
	}
	from := e.Second
	e.Second, e.SecondBands = "", Bands{}
	e.done(Edit{Name: secondName(from, "")})
}

func secondName(from, to string) string {
	none := func(s string) string {
		if s == "" {
			return "none"
		}
		return s
	}
	return "second " + none(from) + " -> " + none(to)
}

func (e *editor) bands(product string, b *Bands, to Bands) {
	if b.Recorded() != to.Recorded() {
		name := fmt.Sprintf("%s clusters %s -> %s", product, b, to)
		*b = to
		e.done(Edit{Name: name})
		return
	}
	move := func(i int) {
		edit := Edit{Product: product, Cluster: dataset.Clusters[1+i], From: b.Edges[i], To: to.Edges[i]}
		edit.Name = fmt.Sprintf("%s %s %d -> %d", product, edit.Cluster, edit.From, edit.To)
		b.Edges[i] = edit.To
		e.done(edit)
	}
	for i := len(b.Edges) - 1; i >= 0; i-- {
		if to.Edges[i] > b.Edges[i] {
			move(i)
		}
	}
	for i := range b.Edges {
		if to.Edges[i] < b.Edges[i] {
			move(i)
		}
	}
}

// rules edits the list of rules, in a copy for each edit.
func (e *editor) rules() {
	from, to := e.Rules, e.to.Rules
	match := matchRules(from, to) // for each rule of the challenger, the champion's
	var at []int                  // for each rule that stays, the challenger's
	for i, r := range from {
		if j := slices.Index(match, i); j >= 0 {
			at = append(at, j)
			continue
		}
		e.Rules = slices.Delete(slices.Clone(e.Rules), len(at), len(at)+1)
		e.done(Edit{Name: "rule " + r.Name + ": removed"})
	}
	for i, j := range at {
		if name := ruleEdit(e.Rules[i], to[j]); name != "" {
			e.Rules = slices.Clone(e.Rules)
			e.Rules[i] = to[j]
			e.done(Edit{Name: name})
		}
	}
	if !slices.IsSorted(at) {
		slices.Sort(at)
		e.keep(at)
		e.done(Edit{Name: "rules: reordered"})
	}
	for j, r := range to {
		if match[j] < 0 {
			at = append(at, j)
			slices.Sort(at)
			e.keep(at)
			e.done(Edit{Name: "rule " + r.Name + ": added"})
		}
	}
}

// keep sets the rules to those of the challenger with the indexes at.
func (e *editor) keep(at []int) {
	e.Rules = nil
	for _, j := range at {
		e.Rules = append(e.Rules, e.to.Rules[j])
	}
}

// matchRules returns for each rule of one list the index of the rule of the other that it corresponds to, -1 for none.
func matchRules(from, to []Rule) []int {
	match := slices.Repeat([]int{-1}, len(to))
	taken := make([]bool, len(from))
	for _, same := range []func(a, b Rule) bool{
		func(a, b Rule) bool { return a.Name == b.Name },
		func(a, b Rule) bool { return a.When.Source == b.When.Source && a.Then == b.Then },
	} {
		for j, b := range to {
			if match[j] >= 0 {
				continue
			}
			for i, a := range from {
				if !taken[i] && same(a, b) {
					match[j], taken[i] = i, true
					break
				}
			}
		}
	}
	return match
}

// ruleEdit names the difference between two rules that correspond, "" for none.
func ruleEdit(a, b Rule) string {
	switch when := a.When.Source != b.When.Source; {
	case a.Name != b.Name:
		return "rule " + a.Name + ": renamed " + b.Name
	case when && a.Then != b.Then:
		return fmt.Sprintf("rule %s: condition, %s -> %s", a.Name, a.Then, b.Then)
	case when:
		return "rule " + a.Name + ": condition"
	case a.Then != b.Then:
		return fmt.Sprintf("rule %s: %s -> %s", a.Name, a.Then, b.Then)
	}
	return ""
}

// row edits what is done with one first cluster. Where the second product is asked for it in one policy only, the gate's cell
// and the row belong together: neither means anything without the other.
func (e *editor) row(c dataset.Cluster) {
	from, to := e.Gate[c], e.to.Gate[c]
	if from != to {
		e.Gate[c], e.Matrix[c] = to, [NumRows]dataset.Action{}
		if to == Next {
			e.Matrix[c] = e.to.Matrix[c]
		}
		e.done(Edit{Name: fmt.Sprintf("gate[%s] %s -> %s", c, stepName(from), stepName(to))})
		return
	}
	if to != Next {
		return
	}
	for s, a := range e.Matrix[c] {
		if b := e.to.Matrix[c][s]; a != b {
			e.Matrix[c][s] = b
			e.done(Edit{Name: fmt.Sprintf("matrix[%s][%s] %s -> %s", c, dataset.Cluster(s), a, b)})
		}
	}
}

// A Contribution is what one edit does to the history, given those before it.
type Contribution struct {
	Edit
	// Comparison is between the policy before the edit and the one after it.
	*Comparison
}

// Attribute replays the edits from the champion to the challenger one after the other. The differences of the contributions
// add up to the difference of the two policies, to the last record and the last cent. The plan must cover both policies.
func (c *Cube) Attribute(champion, challenger *Policy) ([]Contribution, error) {
	for _, pol := range []*Policy{champion, challenger} {
		if err := c.plan.covers(pol); err != nil {
			return nil, err
		}
	}
	var out []Contribution
	before := champion
	for _, e := range Edits(champion, challenger) {
		comparison, err := c.Compare(before, e.Policy)
		if err != nil {
			return nil, err
		}
		out = append(out, Contribution{e, comparison})
		before = e.Policy
	}
	return out, nil
}
