package calibrate

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

func newTestAlarm(t testing.TB, text string) *Alarm {
	t.Helper()
	limit, err := replay.ParseLimit(text)
	if err != nil {
		t.Fatal(err)
	}
	a, err := NewAlarm(limit, driftPolicy(t), 120, false)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// alarmDays are so many days from 2025-01-01 on with records of a fraud rate.
func alarmDays(rng *rand.Rand, from, n int, records int64, rate float64) (out []AlarmDay) {
	for i := range n {
		frauds := int64(distuv.Binomial{N: float64(records), P: rate, Src: rng}.Rand())
		out = append(out, AlarmDay{time.Date(2025, 1, 1+from+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), records, frauds})
	}
	return out
}

// TestAlarmRingsSeldom looks at every day of two years in which the rate is the limit itself: at most 5 % of the histories ring at
// any time. A rate that doubles after a year does, within a quarter.
func TestAlarmRingsSeldom(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	const histories, delta = 300, 0.05
	rings, found := 0, 0
	for range histories {
		calm := newTestAlarm(t, "fraud_rate <= 1%")
		calm.Add(alarmDays(rng, 0, 730, 100, 0.01))
		if calm.Watch.Alarm(delta) {
			rings++
		}
		changed := newTestAlarm(t, "fraud_rate <= 1%")
		changed.Add(alarmDays(rng, 0, 365, 100, 0.01))
		if changed.Watch.Alarm(delta) {
			continue
		}
		changed.Add(alarmDays(rng, 365, 90, 100, 0.02))
		if changed.Watch.Alarm(delta) {
			found++
		}
	}
	if limit := delta + 3*math.Sqrt(delta*(1-delta)/histories); float64(rings) > limit*histories {
		t.Errorf("%d of %d calm histories ring", rings, histories)
	}
	if found < histories*8/10 {
		t.Errorf("a doubled rate was found in %d of %d histories", found, histories)
	}
}

// reopened is the alarm as the next run finds it.
func reopened(t *rapid.T, a *Alarm, fresh *Alarm) *Alarm {
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	out, err := ParseAlarm("state.json", text, fresh)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestAlarmRuns checks that days counted in any number of runs, with windows that overlap, come to the same as in one run.
func TestAlarmRuns(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 2))
		days := alarmDays(rng, 0, 40, 20, 0.05)
		once := newTestAlarm(t, "fraud_rate <= 1%")
		once.Add(days)
		many, end := newTestAlarm(t, "fraud_rate <= 1%"), 0
		for end < len(days) {
			from := rapid.IntRange(0, end).Draw(rt, "from")
			to := rapid.IntRange(from, len(days)).Draw(rt, "to")
			if to == len(days)-1 {
				to = len(days)
			}
			run := many.Add(days[from:to])
			if run.Added != max(0, to-end) || run.Known != min(end, to)-from || run.Late+run.Differing != 0 {
				rt.Fatalf("days %d to %d after %d: %+v", from, to, end, run)
			}
			end = max(end, to)
			many = reopened(rt, many, newTestAlarm(t, "fraud_rate <= 1%"))
		}
		if diff := cmp.Diff(once, many); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// TestAlarmGoesForward: a day counts once and as it was; what comes too late is told and left out.
func TestAlarmGoesForward(t *testing.T) {
	a := newTestAlarm(t, "fraud_rate <= 1%")
	days := []AlarmDay{{"2025-01-02", 10, 0}, {"2025-01-04", 10, 1}}
	if run := a.Add(days); run != (AlarmRun{Added: 2, First: "2025-01-02", Last: "2025-01-04", Records: 20, Frauds: 1}) {
		t.Errorf("%+v", run)
	}
	before := *a
	run := a.Add([]AlarmDay{{"2025-01-01", 5, 5}, {"2025-01-02", 10, 10}, {"2025-01-03", 5, 5}, {"2025-01-04", 10, 1}})
	if run != (AlarmRun{Known: 2, Differing: 1, Late: 2}) || !cmp.Equal(before, *a) {
		t.Errorf("%+v: %+v, want %+v", run, *a, before)
	}
}

func TestAlarmRefuses(t *testing.T) {
	for _, text := range []string{"fraud_rate >= 1%", "fraud_rate <= 0%", "fraud_rate <= 50%", "approval_rate <= 10%", "fraud_bps <= 50"} {
		limit, err := replay.ParseLimit(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewAlarm(limit, driftPolicy(t), 120, false); err == nil {
			t.Errorf("%s was accepted", text)
		}
	}
	a := newTestAlarm(t, "fraud_rate <= 1%")
	a.Add([]AlarmDay{{"2025-01-02", 10, 0}, {"2025-01-04", 10, 1}})
	good, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string][2]string{
		`"policy_sha256":"`: {`"policy_sha256":"0`, "policy"}, `"limit":"fraud_rate <= 1%"`: {`"limit":"fraud_rate <= 2%"`, "limit"},
		`"maturity_days":120`: {`"maturity_days":90`, "maturity"}, `"absent_missing":false`: {`"absent_missing":true`, "absent"},
		`"schema_version":1`: {`"schema_version":2`, "schema_version"}, `"2025-01-02"`: {`"2025-01-05"`, "in order"}, `"2025-01-04"`: {`"2025-13-04"`, "in order"},
		`"records":10,"frauds":1}`: {`"records":10,"frauds":2}`, "the file was changed"}, `"records":10,"frauds":0}`: {`"records":0,"frauds":0}`, "each with a record"},
		`"days":`: {`"nights":`, "unknown field"}, `{"schema`: {`[{"schema`, "not the state"},
	} {
		text := strings.Replace(jsonUnescaped(good), from, to[0], 1)
		if text == jsonUnescaped(good) {
			t.Fatalf("%s is not in %s", from, good)
		}
		if _, err := ParseAlarm("state.json", []byte(text), newTestAlarm(t, "fraud_rate <= 1%")); err == nil || !strings.Contains(err.Error(), to[1]) || !strings.HasPrefix(err.Error(), "state.json: ") {
			t.Errorf("%s: %v, want %s", to[0], err, to[1])
		}
	}
	if got, err := ParseAlarm("state.json", []byte(" \n"), a); err != nil || got != a {
		t.Errorf("an empty file: %v", err)
	}
}

func jsonUnescaped(text []byte) string { return strings.ReplaceAll(string(text), `\u003c`, "<") }

// TestAlarmDays counts the approvals of whole mature days, whatever the order of records.
func TestAlarmDays(t *testing.T) {
	pol, rng := driftPolicy(t), rand.New(rand.NewPCG(17, 18))
	records := slices.Concat(calmMonth().draw(rng, 400, 0), calmMonth().draw(rng, 100, 1))
	records[7].time = dataset.NoTime
	records[8].label = dataset.Unlabeled
	want := map[string]AlarmDay{}
	for _, r := range records {
		if r.time == dataset.NoTime || r.label == dataset.Unlabeled {
			continue
		}
		day := time.UnixMicro(r.time).UTC().Format(time.DateOnly)
		if a := pol.Decide(replay.Case{First: r.session, Second: r.onboarding}).Action; a == dataset.Approve || a == dataset.Monitor {
			d := want[day]
			d.Day, d.Records = day, d.Records+1
			if r.label == dataset.Fraud {
				d.Frauds++
			}
			want[day] = d
		}
	}
	rng.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	cube := cubeOf(t, replay.Question{Policies: []*replay.Policy{pol}, DayApprovals: pol}, records)
	account := dataset.Account{Period: &dataset.Period{First: dataset.MonthStart(2025 * 12), Last: dataset.MonthStart(2025*12+1) + 27*86400e6}}
	// As of noon of 12 May the records of 2 January are not all 130 days old, those of 1 January are.
	for _, c := range []struct {
		mature      *dataset.Mature
		from        string
		first, last string
	}{
		{nil, "", "2025-01-01", "2025-02-27"},
		{nil, "2025-01-20", "2025-01-20", "2025-02-27"},
		{&dataset.Mature{Days: 130, AsOf: time.Date(2025, 5, 12, 12, 0, 0, 0, time.UTC).UnixMicro()}, "", "2025-01-01", "2025-01-01"},
		{&dataset.Mature{Days: 130, AsOf: time.Date(2025, 5, 13, 0, 0, 0, 0, time.UTC).UnixMicro() - 1}, "", "2025-01-01", "2025-01-02"},
		{&dataset.Mature{Days: 130, AsOf: time.Date(2025, 5, 13, 0, 0, 0, 0, time.UTC).UnixMicro() - 2}, "", "2025-01-01", "2025-01-01"},
	} {
		account.Mature = c.mature
		got := AlarmDays(cube.DayApprovals(), account, c.from)
		if len(got) == 0 || got[0].Day != c.first || got[len(got)-1].Day != c.last {
			t.Fatalf("%+v: %v", c, got)
		}
		for _, d := range got {
			if d != want[d.Day] {
				t.Errorf("%+v, want %+v", d, want[d.Day])
			}
		}
	}
}
