package replay

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// testTraits are the fields that rows of the tests have.
var testTraits = []dataset.Field{
	{Name: "session", Kind: dataset.KindState}, {Name: "session.score_cluster", Kind: dataset.KindCluster},
	{Name: "onboarding", Kind: dataset.KindState}, {Name: "onboarding.score_cluster", Kind: dataset.KindCluster},
	{Name: "session.has_ai_agent", Kind: dataset.KindBool},
	{Name: "onboarding.reason_codes", Kind: dataset.KindCodes},
}

// slowTraits counts the rows of a month one by one.
func slowTraits(rows []row, month string, absentMissing bool) Traits {
	t := Traits{Products: []ProductTraits{{Product: "session"}, {Product: "onboarding"}}, Signals: []SignalTraits{{Field: "session.has_ai_agent"}},
		Codes: []CodeTraits{{Field: "onboarding.reason_codes"}}}
	codes := map[string]int64{}
	for _, r := range rows {
		if r.bad || slowMonth(r.time) != month {
			continue
		}
		t.Records++
		for i := range t.Products {
			p := &t.Products[i]
			a := r.answers[p.Product]
			status := a.State.Status()
			if absentMissing && status == dataset.Absent {
				status = dataset.Missing
			}
			p.Statuses[status]++
			if status != dataset.OK {
				continue
			}
			p.Clusters[a.Cluster]++
			if score, found := a.State.Score(); found {
				if p.Scores == nil {
					p.Scores = make([][dataset.NumLabels]int64, 1001)
				}
				p.Scores[score][r.label]++
			} else {
				p.NoScore++
			}
		}
		ok := func(product string) bool { return r.answers[product].State.Status() == dataset.OK }
		switch {
		case r.bot == dataset.BoolTrue:
			t.Signals[0].True++
		case r.bot == dataset.BoolFalse:
			t.Signals[0].False++
		case ok("session"):
			t.Signals[0].Absent++
		}
		if r.codes != "" || ok("onboarding") {
			t.Codes[0].Told++
		}
		seen := map[string]bool{}
		for _, code := range strings.Split(r.codes, ",") {
			if code = strings.TrimSpace(code); code != "" && !seen[code] {
				seen[code] = true
				codes[code]++
			}
		}
	}
	for code, n := range codes {
		t.Codes[0].Codes = append(t.Codes[0].Codes, ValueCount{code, n})
	}
	slices.SortFunc(t.Codes[0].Codes, func(a, b ValueCount) int { return strings.Compare(a.Value, b.Value) })
	return t
}

func slowMonth(us int64) string {
	if us == dataset.NoTime {
		return ""
	}
	m := dataset.MonthOf(us)
	return calendars[Month].name(m)
}

// traitDiff is cmp.Diff for values that are mostly equal and long.
func traitDiff(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return cmp.Diff(want, got)
}

// TestTraitsAreCounts checks the traits of each month against counting one by one, however the rows are split over workers and
// batches.
func TestTraitsAreCounts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		pol, _ := drawPolicy(rt, "p")
		q := Question{Policies: []*Policy{pol}, By: []string{Month}, Traits: testTraits, AbsentMissing: rapid.Bool().Draw(rt, "absent missing")}
		plan, err := NewPlan(q)
		if err != nil {
			rt.Skip(err)
		}
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 60).Draw(rt, "rows")
		for i := range rows {
			rows[i].codes = rapid.SampledFrom([]string{"", "RC001", "RC001,TC002", " TC002 , RC001,,RC001", "RE005"}).Draw(rt, "codes")
		}
		seed := rapid.Uint64().Draw(rt, "seed")
		got := buildOf(t, plan, rows, rand.New(rand.NewPCG(seed, 1))).Traits()
		var months []string
		for _, r := range rows {
			if m := slowMonth(r.time); !r.bad && !slices.Contains(months, m) {
				months = append(months, m)
			}
		}
		slices.Sort(months)
		var want []MonthTraits
		for _, m := range months {
			want = append(want, MonthTraits{m, slowTraits(rows, m, q.AbsentMissing)})
		}
		if diff := traitDiff(want, got); diff != "" {
			rt.Fatal(diff)
		}
		// What is added up is all, and adding changes nothing of the parts.
		all := SumTraits(got, func(string) bool { return true })
		if len(got) > 0 {
			one := make([]row, len(rows))
			copy(one, rows)
			for i := range one {
				one[i].time = dataset.NoTime
			}
			if diff := traitDiff(slowTraits(one, "", q.AbsentMissing), all); diff != "" {
				rt.Fatal(diff)
			}
			if diff := traitDiff(want, got); diff != "" {
				rt.Fatal("after adding: " + diff)
			}
		}
	})
}

// TestTraitsOfCubes checks that a cube which keeps every score apart tells the same of its products without being asked for traits,
// and one that does not keeps quiet about scores.
func TestTraitsOfCubes(t *testing.T) {
	pol, _ := Builtin("table-combined")
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 1, 30).Draw(rt, "rows")
		rng := rand.New(rand.NewPCG(1, 2))
		build := func(q Question) []MonthTraits {
			q.Policies = []*Policy{pol}
			plan, err := NewPlan(q)
			if err != nil {
				rt.Fatal(err)
			}
			return buildOf(t, plan, rows, rng).Traits()
		}
		want := build(Question{By: []string{Month}, Traits: testTraits[:4]})
		for _, by := range []string{Month, Day} {
			got := build(Question{By: []string{by}, Exact: true})
			if diff := traitDiff(want, got); diff != "" {
				rt.Fatalf("by %s: %s", by, diff)
			}
		}
		for _, m := range build(Question{By: []string{Month}}) {
			if i := slices.IndexFunc(want, func(w MonthTraits) bool { return w.Month == m.Month }); m.Products[0].Scores != nil || m.Products[0].Statuses != want[i].Products[0].Statuses {
				rt.Fatalf("%+v", m)
			}
		}
		if got := build(Question{}); got != nil {
			rt.Fatalf("without months: %v", got)
		}
	})
}

// TestTraitsLeaveOutTexts checks that a field with too many values is left out as a whole, whatever the workers, and that what could
// be personal data is not a code.
func TestTraitsLeaveOutTexts(t *testing.T) {
	pol, _ := Builtin("table-combined")
	plan, err := NewPlan(Question{Policies: []*Policy{pol}, By: []string{Month}, Traits: testTraits})
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for i := range maxCodes + 1 {
		rows = append(rows, row{answers: map[string]Answer{}, codes: fmt.Sprintf("C%d", i), time: int64(i) * microsPerDay})
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 5 {
		for _, m := range buildOf(t, plan, rows, rng).Traits() {
			if c := m.Codes[0]; !c.TooMany || c.Codes != nil || c.Told == 0 {
				t.Fatalf("%s: %+v", m.Month, c)
			}
		}
		for _, m := range buildOf(t, plan, rows[1:], rng).Traits() {
			if c := m.Codes[0]; c.TooMany || c.Codes == nil {
				t.Fatalf("%s: as many as there may be were left out", m.Month)
			}
		}
	}
	personal := []row{{answers: map[string]Answer{}, codes: "someone@example.com,RC001"}}
	got := buildOf(t, plan, personal, rng).Traits()[0].Codes[0].Codes
	if diff := cmp.Diff([]ValueCount{{"(not a code)", 1}, {"RC001", 1}}, got); diff != "" {
		t.Error(diff)
	}
}

// TestDayApprovals checks approvals by day against deciding row by row, and text fields beside them against counting.
func TestDayApprovals(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		pol, used := drawPolicy(rt, "p")
		country := dataset.Field{Name: "country", Kind: dataset.KindText}
		plan, err := NewPlan(Question{Policies: []*Policy{pol}, By: []string{Month}, DayApprovals: pol, Traits: append(slices.Clone(testTraits), country)})
		if err != nil {
			rt.Skip(err)
		}
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 40).Draw(rt, "rows")
		want, countries := map[string]DayApprovals{}, map[string]int64{}
		for _, r := range rows {
			if r.bad {
				continue
			}
			countries[r.country]++
			c := Case{First: r.answers[pol.First]}
			if pol.Second != "" {
				c.Second = r.answers[pol.Second]
			}
			for i, rule := range used {
				if testRules[rule].hold(r) {
					c.Fired |= 1 << i
				}
			}
			if a := pol.Decide(c).Action; r.time != dataset.NoTime && (a == dataset.Approve || a == dataset.Monitor) {
				day := time.UnixMicro(r.time).UTC().Format(time.DateOnly)
				d := want[day]
				d.Day = day
				d.Records[r.label]++
				want[day] = d
			}
		}
		cube := buildOf(t, plan, rows, rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 2)))
		got := cube.DayApprovals()
		for _, d := range got {
			if d != want[d.Day] {
				rt.Fatalf("%+v, want %+v", d, want[d.Day])
			}
		}
		if len(got) != len(want) || !slices.IsSortedFunc(got, func(a, b DayApprovals) int { return strings.Compare(a.Day, b.Day) }) {
			rt.Fatalf("%v, want %v", got, want)
		}
		if texts := SumTraits(cube.Traits(), func(string) bool { return true }).Texts; len(countries) > 0 {
			for _, v := range texts[0].Values {
				if v.Records != countries[v.Value] {
					rt.Fatalf("%v, want %v", texts, countries)
				}
				delete(countries, v.Value)
			}
			if len(countries) > 0 {
				rt.Fatalf("%v lacks %v", texts, countries)
			}
		}
	})
	pol, _ := Builtin("table-combined")
	other, _ := Builtin("guide-login")
	if _, err := NewPlan(Question{Policies: []*Policy{pol}, DayApprovals: other}); err == nil {
		t.Error("approvals of a policy that is not among those of the question were accepted")
	}
}

// TestTextTraitsAreFew: an id named as a segment is refused, whatever the workers, and so is what is personal or named twice.
func TestTextTraitsAreFew(t *testing.T) {
	pol, _ := Builtin("table-combined")
	country := dataset.Field{Name: "country", Kind: dataset.KindText}
	plan, err := NewPlan(Question{Policies: []*Policy{pol}, By: []string{Month}, Traits: []dataset.Field{country}})
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for i := range maxValues + 1 {
		rows = append(rows, row{answers: map[string]Answer{}, country: fmt.Sprint(i + 1)})
	}
	for workers := 1; workers <= 2; workers++ {
		var cubes []*Cube
		var failed error
		for part := range slices.Chunk(rows, (len(rows)+workers-1)/workers) {
			b := NewBuilder(plan)
			if failed = b.Add(rowsBatch(t, plan, part)); failed != nil {
				break
			}
			c, err := b.Cube()
			if err != nil {
				t.Fatal(err)
			}
			cubes = append(cubes, c)
		}
		if failed == nil {
			_, failed = Merge(cubes...)
		}
		if failed == nil || failed.Error() != "country has more than 10000 values, want a field of few" {
			t.Errorf("%d workers: %v", workers, failed)
		}
	}
	for _, fields := range [][]dataset.Field{{country, country}, {{Name: "session.ip_address", Kind: dataset.KindText}}} {
		if _, err := NewPlan(Question{Policies: []*Policy{pol}, Traits: fields}); err == nil {
			t.Errorf("%v was accepted", fields)
		}
	}
}
