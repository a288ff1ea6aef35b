package replay

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// TestContributionsAddUp checks that the edits lead from the champion to the challenger over valid policies, that one cube
// answers for all of them, and that what they contribute adds up to the difference.
func TestContributionsAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		champion, challenger, plan, rows := drawHistory(rt)
		cube := buildOf(t, plan, rows, rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1)))
		whole, err := cube.Compare(champion, challenger)
		if err != nil {
			rt.Fatal(err)
		}
		steps, err := cube.Attribute(champion, challenger)
		if err != nil {
			rt.Fatal(err)
		}
		rows = asPlanned(plan, rows)
		var sum Counts
		groups := make([]Counts, len(whole.Groups))
		before := champion
		for _, s := range steps {
			sum = sum.Add(s.Difference())
			for i, g := range s.Groups {
				groups[i] = groups[i].Add(g.Difference())
			}
			swap, _, _ := slowCompare(before, s.Policy, Question{Spread: plan.Spread}, rows)
			if swap != s.Swap {
				rt.Fatalf("%s (-decide +cube):\n%s", s.Name, cmp.Diff(swap, s.Swap))
			}
			checkScores(rt, before, s.Edit, rows)
			before = s.Policy
		}
		if sum != whole.Difference() {
			rt.Fatalf("%s\nadd up to %v, want %v", editNames(steps), sum, whole.Difference())
		}
		for i, g := range whole.Groups {
			if groups[i] != g.Difference() {
				rt.Fatalf("group %q adds up to %v, want %v", g.Key, groups[i], g.Difference())
			}
		}
	})
}

// checkScores checks that the edit of a cutoff changes no decision outside its scores.
func checkScores(t *rapid.T, before *Policy, e Edit, rows []row) {
	low, high, found := e.Scores()
	if !found {
		return
	}
	used := rulesUsed(before)
	for _, r := range rows {
		a, b := before.Decide(r.caseOf(before, used)), e.Policy.Decide(r.caseOf(e.Policy, used))
		score, ok := r.answers[e.Product].State.Score()
		if a != b && !(ok && low <= score && score <= high) {
			t.Fatalf("%s: %v becomes %v at score %d, want changes in %d..%d only", e.Name, a, b, score, low, high)
		}
	}
}

// TestEditsAreValid checks each policy on the way as the parser does, and that the way ends.
func TestEditsAreValid(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		champion := genPolicy.Draw(rt, "champion")
		challenger := genPolicy.Draw(rt, "challenger")
		if rapid.Bool().Draw(rt, "same first") && challenger.Second != champion.First {
			challenger.First = champion.First
		}
		if rapid.Bool().Draw(rt, "shared rules") {
			challenger.Rules = append(append([]Rule(nil), challenger.Rules...), champion.Rules...)
			seen := map[string]bool{}
			kept := challenger.Rules[:0]
			for _, r := range challenger.Rules {
				if !seen[r.Name] {
					seen[r.Name] = true
					kept = append(kept, r)
				}
			}
			challenger.Rules = kept
		}
		plan, err := NewPlan(Question{Policies: []*Policy{champion, challenger}})
		if err != nil {
			rt.Skip(err)
		}
		printed := string(champion.YAML())
		says := func(p *Policy) string { // without the name
			q := *p
			q.Name, q.Description = "x", ""
			return string(q.YAML())
		}
		before := says(champion)
		edits := Edits(champion, challenger)
		for i, e := range edits {
			if _, err := ParsePolicy("p.yaml", e.Policy.YAML()); err != nil {
				rt.Fatalf("%s: %v\n%s", e.Name, err, e.Policy.YAML())
			}
			if err := plan.covers(e.Policy); err != nil {
				rt.Fatalf("%s: %v", e.Name, err)
			}
			after := says(e.Policy)
			if after == before {
				rt.Fatalf("%s changes nothing in\n%s", e.Name, after)
			}
			if last := i == len(edits)-1; last != (e.Policy == challenger) || strings.TrimSpace(e.Name) == "" {
				rt.Fatalf("edit %d of %d is %q to %s", i, len(edits), e.Name, e.Policy.Name)
			}
			if i == len(edits)-2 && champion.First == challenger.First {
				checkLast(rt, e.Policy, challenger)
			}
			before = after
		}
		if before != says(challenger) {
			rt.Fatalf("the edits lead to\n%s, want\n%s", before, challenger.YAML())
		}
		if string(champion.YAML()) != printed {
			rt.Fatal("the champion was changed")
		}
		if Edits(challenger, challenger) != nil {
			rt.Fatal("a policy has edits to itself")
		}
	})
}

// checkLast checks that the last edit is one edit: the challenger stands in for its result, and would hide a way that goes
// astray.
func checkLast(t *rapid.T, before, challenger *Policy) {
	if left := Edits(before, challenger); len(left) != 1 {
		t.Fatalf("%d edits are left at the last one", len(left))
	}
}

func editNames(steps []Contribution) string {
	var out []string
	for _, s := range steps {
		out = append(out, s.Name)
	}
	return strings.Join(out, "\n")
}

// TestEditsInOrder spells out the way between two policies that differ in everything that has an edit of its own.
func TestEditsInOrder(t *testing.T) {
	const head = "policy: 1\nname: p\nfirst: session\nsecond: onboarding\nclusters: {session: %s, onboarding: %s}\nrules:\n"
	champion := parsed(t, strings.NewReplacer("%s, o", "[200, 300, 551, 776], o", "%s}", "recorded}").Replace(head)+`
  - {name: bot, when: session.has_ai_agent, then: review}
  - {name: gone, when: amount > 1, then: block}
  - {name: old, when: amount > 2, then: block}
  - {name: vpn, when: session.ip_is_vpn, then: block}
gate: {missing: review, very_low: block, low: block, review: next, high: next, very_high: approve}
matrix:
  review: {missing: review, very_low: block, low: block, review: review, high: step_up, very_high: step_up}
  high: {missing: review, very_low: block, low: block, review: review, high: step_up, very_high: step_up}
`)
	challenger := parsed(t, strings.NewReplacer("%s, o", "[310, 400, 520, 700], o", "%s}", "quintile}").Replace(head)+`
  - {name: vpn, when: session.ip_is_vpn, then: block}
  - {name: added, when: amount > 3, then: block}
  - {name: bot, when: session.has_ai_agent or amount > 4, then: block}
  - {name: new, when: amount > 2, then: block}
gate: {missing: block, very_low: block, low: next, review: next, high: approve, very_high: approve}
matrix:
  low: {missing: review, very_low: block, low: block, review: review, high: step_up, very_high: step_up}
  review: {missing: review, very_low: block, low: review, review: review, high: step_up, very_high: approve}
`)
	var got []string
	for _, e := range Edits(champion, challenger) {
		got = append(got, e.Name)
	}
	diff := cmp.Diff([]string{
		"session review 300 -> 400",
		"session low 200 -> 310",
		"session high 551 -> 520",
		"session very_high 776 -> 700",
		"onboarding clusters recorded -> quintile",
		"rule gone: removed",
		"rule bot: condition, review -> block",
		"rule old: renamed new",
		"rules: reordered",
		"rule added: added",
		"gate[missing] review -> block",
		"gate[low] block -> next",
		"matrix[review][low] block -> review",
		"matrix[review][very_high] step_up -> approve",
		"gate[high] next -> approve", "gate[unclustered] review -> block",
	}, got)
	if diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestEditsOfProducts checks that a second product comes before the rows that ask it and goes after them.
func TestEditsOfProducts(t *testing.T) {
	one := parsed(t, comparePolicy)
	two := *one
	two.Name, two.Second, two.SecondBands = "two", "onboarding", Standard
	two.Gate[dataset.ReviewCluster] = Next
	two.Matrix[dataset.ReviewCluster] = [...]dataset.Action{5, 5, 5, 4, 1, 1, dataset.Block}
	phone := two
	phone.Name, phone.Second = "phone", "phone"
	login := *one
	login.Name, login.First = "login", "login"
	for _, c := range []struct {
		from, to *Policy
		want     []string
	}{
		{one, &two, []string{"second none -> onboarding", "gate[review] review -> next"}},
		{&two, one, []string{"gate[review] next -> review", "second onboarding -> none"}},
		{&two, &phone, []string{"second onboarding -> phone"}},
		{&two, &login, []string{"first session -> login"}},
		{one, one, nil},
	} {
		var got []string
		for _, e := range Edits(c.from, c.to) {
			got = append(got, e.Name)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s to %s (-want +got):\n%s", c.from.Name, c.to.Name, diff)
		}
	}
}

// The scores of a moved cutoff include the lower of its places and exclude the higher: 550 was review, 551 was high.
func TestEditScores(t *testing.T) {
	for _, e := range []Edit{{Product: "session", From: 551, To: 520}, {Product: "session", From: 520, To: 551}} {
		if low, high, found := e.Scores(); low != 520 || high != 550 || !found {
			t.Errorf("%d -> %d: scores %d..%d, %t", e.From, e.To, low, high, found)
		}
	}
	if _, _, found := (Edit{Name: "rules: reordered"}).Scores(); found {
		t.Error("scores of an edit that moves no cutoff")
	}
}
