package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// failing adds failures to a result of two products: a session that failed in two months, one of them without a time, onboarding
// that never did, and one handling that leaves records undecided.
func failing(r replay.Result) replay.Result {
	p, _ := replay.Builtin("table-waterfall")
	r.Policy = p
	fates := func(scale int64) (f replay.Fates) {
		f.Statuses[dataset.OK] = tallyOf(40*scale, 600*scale, 7*scale, 5000)
		f.Unclustered = tallyOf(0, scale, 0, 5000)
		f.Statuses[dataset.Missing] = tallyOf(scale, 9*scale, 2*scale, 5000)
		f.Statuses[dataset.Absent] = tallyOf(scale, 2*scale, 0, 5000)
		return f
	}
	second := replay.Fates{}
	second.Statuses[dataset.OK] = tallyOf(1, 100, 3, 5000)
	second.Statuses[dataset.NotCalled] = tallyOf(123, 1703, 24, 5000)
	f := &replay.Failures{Answers: []replay.Answers{
		{Product: "session", First: true, Fates: fates(3), Months: []replay.MonthFates{{Month: "", Fates: fates(1)}, {Month: "2026-01", Fates: fates(2)}}},
		{Product: "onboarding", Fates: second, Months: []replay.MonthFates{{Month: "", Fates: replay.Fates{}}, {Month: "2026-01", Fates: second}}},
	}}
	failed := tallyOf(6, 36, 6, 5000)
	for _, h := range p.Handlings() {
		action := map[string]dataset.Action{replay.FailOpen: dataset.Approve, replay.FailClosed: dataset.Block, "onboarding_only": replay.Undecided}[h.Name]
		if action == 0 && h.Name != "onboarding_only" {
			action = dataset.Review
		}
		out := replay.Handled{Handling: h}
		out.Affected[0].Actions[action] = failed
		out.Affected[0].Calls = [2]int64{failed.N(), 0}
		out.Swap.Actions[dataset.Approve][dataset.Approve] = tallyOf(110, 1700, 15, 5000)
		out.Swap.Actions[dataset.Block][dataset.Block] = tallyOf(4, 70, 6, 5000)
		out.Swap.Actions[dataset.Review][action] = failed
		if action == replay.Undecided {
			out.Open[dataset.NoCluster] = failed
		}
		out.Swap.Called[1][1], out.Swap.Called[0][0] = 104, failed.N()
		f.Handled = append(f.Handled, out)
	}
	r.Failures = f
	return r
}

// TestFailuresAddUp checks that the answers of a product are the records of the history in every format that counts them.
func TestFailuresAddUp(t *testing.T) {
	r := failing(waterfall())
	var data struct {
		Failures struct {
			Answers []struct {
				Asked   int64
				Answers []struct{ Records int64 }
			}
		}
	}
	if err := json.Unmarshal(render(t, Replay([]replay.Result{r}, nil, account(1), 0.95), "json"), &data); err != nil {
		t.Fatal(err)
	}
	for i, asked := range []int64{662 * 3, 104} {
		var sum int64
		for _, a := range data.Failures.Answers[i].Answers {
			sum += a.Records
		}
		if got := data.Failures.Answers[i].Asked; got != asked || sum != []int64{662 * 3, 104 + 1850}[i] {
			t.Errorf("product %d: asked %d, want %d; %d records", i, got, asked, sum)
		}
	}
	lines, err := csv.NewReader(bytes.NewReader(render(t, Replay([]replay.Result{r}, nil, account(1), 0.95), "csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Join(failureColumns, ","); strings.Join(lines[0][len(lines[0])-3:], ",") != want {
		t.Errorf("the last columns are %v, want %s", lines[0], want)
	}
	tables := map[string]int{}
	for _, line := range lines[1:] {
		tables[line[1]]++
	}
	for table, want := range map[string]int{"answer": 6 + 5, "answer_by_month": 2*6 + 4 + 5, "affected": 6 * 2 * 6, "handling_change": 2 * 5} {
		if tables[table] != want {
			t.Errorf("%d lines of the table %s, want %d", tables[table], table, want)
		}
	}
}

// TestNoFailures checks that nothing is said of failures that nobody asked for.
func TestNoFailures(t *testing.T) {
	for _, format := range Formats() {
		got := render(t, Replay([]replay.Result{waterfall()}, []string{"month"}, account(1), 0.95), format)
		for _, word := range []string{"ailed answer", "handling", "failed_product", `"failures"`} {
			if bytes.Contains(got, []byte(word)) {
				t.Errorf("%s says %q", format, word)
			}
		}
	}
}

// enrolled adds a replay user by user to a result, of which so many users are at the limit.
func enrolled(r replay.Result, users int64) replay.Result {
	r.Enrollment = &replay.Enrollment{Nobody: 9}
	if users > 0 {
		r.Enrollment = &replay.Enrollment{Users: users, Returning: 12, Before: 40, Enrollments: 31, Refused: 4, Full: 1, Months: []replay.EnrollmentMonth{
			{Month: "2026-01", Logins: 300, Plain: 120, Low: 120, High: 120}, {Month: "2026-02", Logins: 358, Plain: 130, Low: 101, High: 130}}}
	}
	return r
}
