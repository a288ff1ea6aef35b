package dataset

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestSynthTruth counts everything in a Truth again from the written records.
func TestSynthTruth(t *testing.T) {
	for _, opt := range []SynthOptions{
		{Records: 6000, TrueLabel: true},
		{Records: 6000, TrueLabel: true, Mode: SynthWaterfall, Strings: true, BlockedUnlabeled: true, Exploration: 0.1, LabelNoise: 0.05},
		{Records: 6000, TrueLabel: true, Login: true, Strings: true, Population: SynthTwoKinds, Months: 1, Segments: []string{}},
	} {
		t.Run(opt.Mode+opt.Population, func(t *testing.T) { checkTruth(t, opt) })
	}
}

func TestSynthTruthOfAnyOptions(t *testing.T) {
	rate := rapid.SampledFrom([]float64{-1, 0, 0.01, 0.3})
	rapid.Check(t, func(rt *rapid.T) {
		checkTruth(t, SynthOptions{
			Records: rapid.Int64Range(1, 60).Draw(rt, "records"), Seed: rapid.Uint64().Draw(rt, "seed"), TrueLabel: true,
			Start: "2024-02", Months: rapid.IntRange(1, 30).Draw(rt, "months"), FraudRate: rate.Draw(rt, "fraud"),
			Mode:       rapid.SampledFrom([]string{SynthCombined, SynthWaterfall}).Draw(rt, "mode"),
			Population: rapid.SampledFrom([]string{"A", "B", "N"}).Draw(rt, "population"),
			GateLow:    rapid.IntRange(-1, 500).Draw(rt, "low"), GateHigh: rapid.IntRange(500, 1001).Draw(rt, "high"),
			Login: rapid.Bool().Draw(rt, "login"), Details: rapid.Bool().Draw(rt, "details"), Strings: rapid.Bool().Draw(rt, "strings"),
			Missing: rate.Draw(rt, "missing"), Processing: rate.Draw(rt, "processing"), Failed: rate.Draw(rt, "failed"),
			LabelDelay: rapid.SampledFrom([]float64{-1, 0, 400}).Draw(rt, "delay"), LabelNoise: rate.Draw(rt, "noise"),
			BlockedUnlabeled: rapid.Bool().Draw(rt, "blocked"), Exploration: rate.Draw(rt, "exploration"), Rings: rate.Draw(rt, "rings"),
		})
	})
}

// checkTruth is the slow twin of synthTally.count. What no record shows, the cells of answers that were lost, is left to
// TestFraudProbability.
func checkTruth(t *testing.T, opt SynthOptions) {
	t.Helper()
	text, truth := synthText(t, opt)
	got := Truth{SchemaVersion: 1, Synthetic: true, Options: truth.Options, Cells: truth.Cells, Segments: [][]TruthGroup{}}
	months, actions := map[string]*TruthCount{}, map[string]*TruthCount{}
	statuses := map[string]map[string]int64{"session": {}, "onboarding": {}, "login": {}}
	segments := make([]map[string]*TruthCount, len(truth.Segments))
	count := func(m map[string]*TruthCount, key string, fraud bool) {
		if m[key] == nil {
			m[key] = new(TruthCount)
		}
		m[key].count(fraud)
	}
	for _, r := range looseRecords(t, text) {
		fraud := r["true_label"] == "ko"
		got.count(fraud)
		cents := int64(math.Round(r[Amount].(float64) * 100))
		got.Amount += cents
		if fraud {
			got.FraudAmount += cents
		}
		count(months, r[Timestamp].(string)[:7], fraud)
		count(actions, r[ActionField].(string), fraud)
		for i := range segments {
			if segments[i] == nil {
				segments[i] = map[string]*TruthCount{}
			}
			name, _, _ := strings.Cut(truth.Options.Segments[i], "=")
			count(segments[i], r[name].(string), fraud)
		}
		for p := range statuses {
			_, status := r.product(p)
			statuses[p][status]++
		}
		switch {
		case r[LabelField] != nil:
			got.Labels.Known.count(fraud)
			if (r[LabelField] == "ko") != fraud {
				got.Labels.Flipped.count(fraud)
			}
			if r.time(t, LabelTime).After(truth.Options.AsOf) || r.time(t, LabelTime).Before(r.time(t, Timestamp)) {
				t.Errorf("label_time %v is outside %v..%v", r[LabelTime], r[Timestamp], truth.Options.AsOf)
			}
		case opt.BlockedUnlabeled && r[ActionField] == "block":
			got.Labels.Blocked.count(fraud)
		default:
			got.Labels.Immature.count(fraud)
		}
		if q, found := r["approval_probability"].(float64); found && r[ActionField] == "approve" && q < 1 {
			got.Labels.Explored.count(fraud)
		}
	}
	at := func(m map[string]*TruthCount, key string) TruthGroup {
		if m[key] == nil {
			return TruthGroup{Key: key}
		}
		return TruthGroup{key, *m[key]}
	}
	for m := range truth.Options.Months {
		start, _ := time.Parse("2006-01", truth.Options.Start)
		got.Months = append(got.Months, at(months, start.AddDate(0, m, 0).Format("2006-01")))
	}
	for i, text := range truth.Options.Segments {
		_, values, _ := strings.Cut(text, "=")
		var groups []TruthGroup
		for _, v := range strings.Split(values, ",") {
			groups = append(groups, at(segments[i], v))
		}
		got.Segments = append(got.Segments, groups)
	}
	for _, a := range Actions {
		if g := at(actions, a.String()); g.Records > 0 {
			got.Actions = append(got.Actions, g)
		}
	}
	products := []string{"session", "onboarding"}
	if opt.Login {
		products = []string{"login"}
	}
	for _, p := range products {
		n := statuses[p]
		got.Products = append(got.Products, TruthProducts{p, n["ok"], n["not_called"], n["missing"], n["processing"], n["error"]})
	}
	if d := cmp.Diff(got, truth); d != "" {
		t.Errorf("counted (-), told (+): %s", d)
	}
	inCells := TruthCount{}
	for _, c := range truth.Cells {
		inCells.add(c.TruthCount)
	}
	if inCells != truth.TruthCount {
		t.Errorf("cells hold %v, want %v", inCells, truth.TruthCount)
	}
}
