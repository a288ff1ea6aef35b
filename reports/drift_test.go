package reports

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// driftOf holds the sample's last months against the ones before.
func driftOf(t testing.TB, from string, by ...string) (*calibrate.Drift, DriftSource) {
	t.Helper()
	ctx, files := context.Background(), []string{"../testdata/sample/combined.jsonl.gz"}
	found, err := dataset.Discover(ctx, files, nil, dataset.Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	pol, _ := replay.Builtin("table-waterfall")
	traits := replay.TraitFields(found)
	for _, name := range by {
		traits = append(traits, dataset.Field{Name: name, Kind: dataset.KindText})
	}
	plan, err := replay.NewPlan(replay.Question{Policies: []*replay.Policy{pol}, By: []string{replay.Month}, Traits: traits})
	if err != nil {
		t.Fatal(err)
	}
	scan, err := dataset.Open(ctx, files, nil, dataset.Options{Fields: plan.Fields()})
	if err != nil {
		t.Fatal(err)
	}
	cube, err := replay.Build(ctx, plan, scan, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	cube.Account.Files = nil // their names differ by who reads them
	side := func(keep func(month string) bool) *calibrate.DriftSide {
		s, err := calibrate.NewDriftSide(cube, pol, keep)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	d := calibrate.CompareDrift(side(func(m string) bool { return m < from }), side(func(m string) bool { return m >= from }), 0.95)
	return d, DriftSource{Account: cube.Account}
}

// driftAlarm is the state of an alarm after two runs.
func driftAlarm(t testing.TB, rings bool) DriftAlarm {
	t.Helper()
	limit, err := replay.ParseLimit("fraud_rate <= 0.5%")
	if err != nil {
		t.Fatal(err)
	}
	pol, _ := replay.Builtin("table-waterfall")
	a, err := calibrate.NewAlarm(limit, pol, 120, false)
	if err != nil {
		t.Fatal(err)
	}
	a.Add([]calibrate.AlarmDay{{Day: "2025-01-01", Records: 1000, Frauds: 4}, {Day: "2025-01-02", Records: 900, Frauds: 6}})
	days := []calibrate.AlarmDay{{Day: "2024-12-31", Records: 5}, {Day: "2025-01-02", Records: 901, Frauds: 6}}
	if rings {
		days = append(days, calibrate.AlarmDay{Day: "2025-01-03", Records: 1000, Frauds: 40})
	}
	run := a.Add(days)
	return DriftAlarm{Condition: limit.String(), Rings: a.Watch.Alarm(0.05), State: a, Run: run, Kept: rings}
}

func TestDriftGoldens(t *testing.T) {
	d, source := driftOf(t, "2025-05", "country")
	source.Alarms = []DriftAlarm{driftAlarm(t, true), {Condition: "drift", Rings: len(d.Decisions.Marked()) > 0}}
	source.Outside = 3
	doc := Drift(d, source)
	for _, format := range goldenFormats {
		golden(t, "drift."+extensions[format], render(t, doc, format))
	}
	for _, line := range strings.Split(string(render(t, doc, "text")), "\n") {
		if n := len([]rune(line)); n > 100 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// TestDriftNamesItsTables checks that a folder can hold every table of the document under its own name.
func TestDriftNamesItsTables(t *testing.T) {
	seen := map[string]int{}
	var walk func(blocks []Block)
	walk = func(blocks []Block) {
		for _, b := range blocks {
			switch b := b.(type) {
			case *Table:
				seen[b.Name]++
			case Details:
				walk(b.Blocks)
			case Box:
				walk(b.Blocks)
			}
		}
	}
	d, source := driftOf(t, "2025-05")
	walk(Drift(d, source).Blocks)
	for _, name := range []string{"drift-decisions", "drift-fraud", "drift-scores", "drift-traits", "drift-answers", "drift-order", "drift-bins"} {
		if seen[name] != 1 {
			t.Errorf("%d tables are named %s: %v", seen[name], name, seen)
		}
	}
}

// TestDriftSaysWhatItLacks: a period without labels compares no fraud rates and says which months could; one that has nothing at all
// has no headline that claims anything.
func TestDriftSaysWhatItLacks(t *testing.T) {
	d, source := driftOf(t, "2025-06")
	for _, g := range d.Period.Result.Groups {
		if g.Total().N() == 0 {
			t.Fatal("the sample has no June")
		}
	}
	for i := range d.Outcomes.List {
		d.Outcomes.List[i].Now = calibrate.Portion{}
	}
	d.Period.Result.Actions = [dataset.NumActions]replay.Tally{}
	d.Outcomes.Tested = 0
	text := string(render(t, Drift(d, source), "text"))
	if !strings.Contains(text, "No record of the period has a final label. The newest month that") {
		t.Error(text)
	}
}

// TestAlarmBox reads what is said of a run that adds nothing, one without a state and one that rings.
func TestAlarmBox(t *testing.T) {
	d, _ := driftOf(t, "2025-05")
	for _, c := range []struct {
		alarm DriftAlarm
		title string
		says  []string
	}{
		{driftAlarm(t, true), "Alarm on fraud_rate <= 0.5%: RINGS", []string{"50 frauds in 2,900 labeled approvals of 2025-01-01 to 2025-01-03", "p <0.001",
			"Added in this run: 1 day, 2025-01-03 to 2025-01-03, with 40 frauds of 1,000", "Counted before, and not again: 1 day.", "With other counts now than then: 1 day", "Left out", "begin a new state file"}},
		{driftAlarm(t, false), "Alarm on fraud_rate <= 0.5%: does not ring", []string{"nothing, since no day is later than 2025-01-02", "No state is kept"}},
		{DriftAlarm{Condition: "drift"}, "Alarm on drift: does not ring", []string{"at most 5 % ring"}},
	} {
		box := alarmBox(d, c.alarm)
		text := string(box.Blocks[0].(Paragraph))
		if box.Title != c.title {
			t.Errorf("%q, want %q", box.Title, c.title)
		}
		for _, s := range c.says {
			if !strings.Contains(text, s) {
				t.Errorf("%q is not in %q", s, text)
			}
		}
	}
}

// TestDriftData checks that the contract can be read back, and holds what the tables show.
func TestDriftData(t *testing.T) {
	d, source := driftOf(t, "2025-05")
	var got struct {
		SchemaVersion int `json:"schema_version"`
		Decisions     struct {
			Tested int
			List   []struct {
				Name   string
				Period struct{ Numerator, Denominator int64 }
				Low    *float64
			}
		}
		Period struct{ Records int64 }
	}
	if err := json.Unmarshal(render(t, Drift(d, source), "json"), &got); err != nil {
		t.Fatal(err)
	}
	if got.SchemaVersion != 1 || got.Decisions.Tested != d.Decisions.Tested || len(got.Decisions.List) != len(d.Decisions.List) {
		t.Errorf("%+v", got)
	}
	for i, c := range got.Decisions.List {
		if want := d.Decisions.List[i]; c.Name != want.Name || c.Period.Numerator != want.Now.K || c.Period.Denominator != got.Period.Records || *c.Low != float64(want.Low) {
			t.Errorf("%+v, want %+v", c, want)
		}
	}
}
