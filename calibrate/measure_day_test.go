package calibrate

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

func at(t testing.TB, s string) int64 {
	v, err := time.Parse("2006-01-02T15:04:05.999999", s)
	if err != nil {
		t.Fatal(err)
	}
	return v.UnixMicro()
}

// TestDays meets both ends of days: a period includes both.
func TestDays(t *testing.T) {
	for _, c := range []struct {
		first, last string
		want        int64
	}{
		{"2026-03-04T00:00:00", "2026-03-04T23:59:59.999999", 1}, {"2026-03-04T23:59:59.999999", "2026-03-05T00:00:00", 2},
		{"2024-02-01T10:00:00", "2024-02-29T09:00:00", 29}, {"2025-01-01T00:00:00", "2025-06-30T23:00:00", 181},
	} {
		if got := Days(&dataset.Period{First: at(t, c.first), Last: at(t, c.last)}); got != c.want {
			t.Errorf("%s to %s are %d days, want %d", c.first, c.last, got, c.want)
		}
	}
	if got := Days(nil); got != 0 {
		t.Errorf("no period has %d days", got)
	}
}

func TestGroupDays(t *testing.T) {
	p := &dataset.Period{First: at(t, "2026-01-30T12:00:00"), Last: at(t, "2026-03-02T12:00:00")}
	for _, c := range []struct {
		by, key []string
		want    int64
	}{
		{nil, nil, 32}, {[]string{"country"}, []string{"IT"}, 32}, {[]string{"month"}, []string{"2026-01"}, 2}, {[]string{"month"}, []string{"2026-02"}, 28},
		{[]string{"country", "month"}, []string{"IT", "2026-03"}, 2}, {[]string{"day"}, []string{"2026-01-30"}, 1}, {[]string{"day", "month"}, []string{"2026-02-01", "2026-02"}, 1},
		{[]string{"month"}, []string{""}, 0}, {[]string{"day"}, []string{""}, 0}, {[]string{"month"}, []string{"2025-12"}, 0},
	} {
		if got := GroupDays(p, c.by, c.key); got != c.want {
			t.Errorf("group %v of %v has %d days, want %d", c.key, c.by, got, c.want)
		}
	}
	if got := GroupDays(nil, []string{"month"}, []string{"2026-01"}); got != 0 {
		t.Errorf("no period has %d days in a month", got)
	}
}

// TestReviewsPerDay checks the mean, the percentile and the maximum against a list that holds every day.
func TestReviewsPerDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.IntRange(1, 60).Draw(t, "days")
		list := make([]int64, days) // reviews of each day
		var seen []int64            // of those days that have records
		var c replay.Counts
		for i := range list {
			if rapid.Bool().Draw(t, "records") {
				list[i] = rapid.Int64Range(0, 5).Draw(t, "reviews")
				seen = append(seen, list[i])
				c.Actions[dataset.Review].Records[dataset.Legit] += list[i]
			}
		}
		if seen == nil {
			seen = []int64{}
		}
		measures := Setting{Confidence: 0.95, Days: int64(days), ReviewsByDay: seen}.Measures(twoProducts, c)
		slices.Sort(list)
		covered := func(k int64) int { // days of at most k reviews
			n, _ := slices.BinarySearch(list, k+1)
			return n
		}
		p95, _ := Find(measures, "review_per_day_p95")
		if k := p95.Numerator; 100*covered(k) < 95*days || k > 0 && 100*covered(k-1) >= 95*days {
			t.Errorf("%v: the percentile is %d", list, k)
		}
		most, _ := Find(measures, "review_per_day_max")
		if most.Numerator != list[days-1] || float64(most.Value) != float64(list[days-1]) {
			t.Errorf("%v: the maximum is %d", list, most.Numerator)
		}
		mean, _ := Find(measures, "review_per_day")
		if want := float64(c.Actions[dataset.Review].N()) / float64(days); math.Abs(float64(mean.Value)-want) > 1e-12 || mean.Denominator != int64(days) {
			t.Errorf("%v: the mean is %v", list, mean.Value)
		}
	})
}

// TestReviewsPerDayUnknown says null, not 0, where the days are not known.
func TestReviewsPerDayUnknown(t *testing.T) {
	var c replay.Counts
	c.Actions[dataset.Review].Records[dataset.Fraud] = 12
	defined := func(s Setting) (out []bool) {
		for _, name := range []string{"review_per_day", "review_per_day_p95", "review_per_day_max"} {
			m, _ := Find(s.Measures(twoProducts, c), name)
			out = append(out, m.Value.Defined())
		}
		return out
	}
	if got, want := defined(Setting{Confidence: 0.9}), []bool{false, false, false}; !slices.Equal(got, want) {
		t.Errorf("without a time: %v", got)
	}
	if got, want := defined(Setting{Confidence: 0.9, Days: 6}), []bool{true, false, false}; !slices.Equal(got, want) {
		t.Errorf("without days: %v", got)
	}
	if got, want := defined(Setting{Confidence: 0.9, ReviewsByDay: []int64{}}), []bool{false, false, false}; !slices.Equal(got, want) {
		t.Errorf("days, but no time: %v", got)
	}
}

func TestReviewsByDay(t *testing.T) {
	group := func(reviews int64, key ...string) (g replay.Group) {
		g.Key = key
		g.Actions[dataset.Review].Records[dataset.Unlabeled] = reviews
		g.Actions[dataset.Block].Records[dataset.Unlabeled] = 99
		return g
	}
	groups := []replay.Group{group(1, "FR", ""), group(2, "FR", "2026-03-05"), group(0, "FR", "2026-03-07"), group(4, "IT", "2026-03-04"), group(8, "IT", "2026-03-05")}
	if diff := cmp.Diff([]int64{4, 10, 0}, ReviewsByDay(groups, []string{"country", "day"})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := ReviewsByDay(groups, []string{"country", "month"}); got != nil {
		t.Errorf("without days: %v", got)
	}
}

// TestCostMeasures checks value and sign, and that a sum beyond what is exact is undefined.
func TestCostMeasures(t *testing.T) {
	var c replay.Counts
	c.Actions[dataset.Approve] = replay.Tally{Records: [3]int64{1, 2, 1}, Amount: [3]int64{0, 0, 5_000}}
	c.Calls = [2]int64{4, 0}
	s := Setting{Confidence: 0.95, Economics: prices}
	for name, want := range map[string]float64{"cost_per_record": (15 + 50 + 0.04) / 4, "savings_approve_all": -0.01, "savings_block_all": (8 - 65.04) / 4} {
		m, found := Find(s.Measures(twoProducts, c), name)
		if !found || math.Abs(float64(m.Value)-want) > 1e-12 || m.Denominator != 4 || m.Unit != PerRecord {
			t.Errorf("%s is %+v, want %v", name, m, want)
		}
	}
	c.Actions[dataset.Approve].Amount[dataset.Fraud] = maxWorth
	if m, found := Find(s.Measures(twoProducts, c), "cost_per_record"); !found || m.Value.Defined() {
		t.Errorf("a sum that is not exact is %v", m.Value)
	}
	if m, found := Find(s.Measures(twoProducts, replay.Counts{}), "cost_per_record"); !found || m.Value.Defined() {
		t.Errorf("the cost of no record is %v", m.Value)
	}
	if _, found := Find(Setting{Confidence: 0.95}.Measures(twoProducts, c), "cost_per_record"); found {
		t.Error("there is a cost without economics")
	}
}

// TestDaysOver: a day of exactly the capacity is not over it.
func TestDaysOver(t *testing.T) {
	for capacity, want := range map[int64]int64{0: 3, 2: 2, 3: 1, 7: 0} {
		if got := DaysOver([]int64{0, 3, 2, 7}, capacity); got != want {
			t.Errorf("%d days over %d, want %d", got, capacity, want)
		}
	}
	if DaysOver(nil, 0) != 0 {
		t.Error("no day is over it")
	}
}
