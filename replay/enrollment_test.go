package replay

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// loginRow makes a record of a user at a minute: a score, or -1 for a login without an enrollment.
func loginRow(user string, minute int64, score int) row {
	a := Answer{State: dataset.State(dataset.Failed)}
	if score >= 0 {
		a = Answer{State: dataset.Scored(score), Cluster: Standard.Of(score)}
	}
	return row{answers: map[string]Answer{"login": a}, time: dataset.MonthStart(24000) + minute*60e6, country: user, label: dataset.Legit}
}

func enrollmentOf(t testing.TB, p *Policy, rows []row, seed uint64) *Enrollment {
	plan, err := NewPlan(Question{Policies: []*Policy{p}, Entity: "country", Logins: true}) // the test's batches have that text
	if err != nil {
		t.Fatal(err)
	}
	e, err := buildOf(t, plan, rows, rand.New(rand.NewPCG(seed, 1))).Enrollment(p)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestEnrollmentByHand tells the guide's story of four users.
func TestEnrollmentByHand(t *testing.T) {
	p, _ := Builtin("login-recommended")
	rows := []row{
		// The first login passes MFA and enrolls; the second would have been scored; the third is.
		loginRow("a", 3, 700), loginRow("a", 1, -1), loginRow("a", 2, -1),
		// Scored at first, so enrolled before; a moderate score is MFA and one more enrollment.
		loginRow("b", 1, 500), loginRow("b", 2, 900),
		loginRow("c", 1, 100), // denied
		loginRow("", 1, -1),   // nobody
	}
	for minute := range int64(25) { // enrolled before, 25 moderate logins: 19 fit
		rows = append(rows, loginRow("d", minute, 500))
	}
	want := &Enrollment{Users: 4, Returning: 3, Before: 3, Enrollments: 1 + 1 + 19, Refused: 6, Full: 1, Nobody: 1,
		Months: []EnrollmentMonth{{Month: "2000-01", Logins: 31, Plain: 2 + 1 + 25, Low: 1 + 1 + 25, High: 2 + 1 + 25}}}
	if diff := cmp.Diff(want, enrollmentOf(t, p, rows, 1)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestEnrollmentTwin replays random logins user by user with maps and slices, in an order of batches and workers that must not
// matter.
func TestEnrollmentTwin(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := &Policy{Name: "p", First: "login", FirstBands: Standard}
		for c := range p.Gate {
			p.Gate[c] = rapid.SampledFrom(dataset.Actions).Draw(rt, "gate")
		}
		var rows []row
		for i := range rapid.IntRange(0, 80).Draw(rt, "logins") { // each at a time of its own
			rows = append(rows, loginRow(rapid.SampledFrom([]string{"a", "a", "b", "", "c"}).Draw(rt, "user"), int64(i), rapid.SampledFrom([]int{-1, 100, 500, 500, 700}).Draw(rt, "score")))
		}
		want := &Enrollment{}
		month := EnrollmentMonth{Month: "2000-01"}
		held := map[string]int{}
		seen := map[string]int{}
		for _, r := range rows {
			if r.country == "" {
				want.Nobody++
				continue
			}
			seen[r.country]++
			month.Logins++
			a := p.Decide(Case{First: r.answers["login"]}).Action
			scored := r.answers["login"].State.Status() == dataset.OK
			if a == dataset.StepUp {
				month.Plain++
			}
			switch {
			case scored && held[r.country] == 0:
				want.Before++
				held[r.country] = 1
			case !scored && held[r.country] > 0:
				month.High++
				continue
			}
			if a == dataset.StepUp {
				month.Low++
				month.High++
			}
			enrolls := a == dataset.StepUp || !scored && (a == dataset.Approve || a == dataset.Monitor)
			if enrolls && held[r.country] == 20 {
				want.Refused++
			} else if enrolls {
				held[r.country]++
				want.Enrollments++
			}
		}
		for user, n := range seen {
			want.Users++
			if n > 1 {
				want.Returning++
			}
			if held[user] == 20 {
				want.Full++
			}
		}
		if month.Logins > 0 {
			want.Months = []EnrollmentMonth{month}
		}
		rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "order"), 1)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		if diff := cmp.Diff(want, enrollmentOf(t, p, rows, rapid.Uint64().Draw(rt, "seed")), cmpopts.EquateEmpty()); diff != "" {
			rt.Fatalf("(-login by login +got):\n%s", diff)
		}
	})
}

// TestEnrollmentRefusals checks what cannot be replayed, and that a user's id is in no result.
func TestEnrollmentRefusals(t *testing.T) {
	two, _ := Builtin("table-combined")
	one, _ := Builtin("login-recommended")
	plan, err := NewPlan(Question{Policies: []*Policy{one, two}})
	if err != nil {
		t.Fatal(err)
	}
	cube := buildOf(t, plan, nil, rand.New(rand.NewPCG(1, 1)))
	if _, err := cube.Enrollment(one); err == nil {
		t.Error("no error without users")
	}
	if _, err := NewPlan(Question{Policies: []*Policy{one, two}, Entity: "country", Logins: true}); err == nil {
		t.Error("no error for a policy of session and onboarding")
	}
	e := enrollmentOf(t, one, []row{loginRow("secret", 1, 500)}, 1)
	if text := fmt.Sprintf("%+v", e); strings.Contains(text, "secret") {
		t.Errorf("the result names a user: %s", text)
	}
}
