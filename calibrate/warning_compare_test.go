package calibrate

import (
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

func TestComparisonWarnings(t *testing.T) {
	of := func(unlabeled, legit, fraud int64) replay.Tally {
		return replay.Tally{Records: [3]int64{unlabeled, legit, fraud}}
	}
	for _, c := range []struct {
		name string
		edit func(*replay.Comparison)
		want []string // the code, then what the message says
	}{
		{"nothing changes", func(*replay.Comparison) {}, nil},
		{"all swaps labeled, ten frauds", func(c *replay.Comparison) {
			c.Actions[dataset.Block][dataset.Approve], c.Actions[dataset.Monitor][dataset.Block] = of(0, 5, 4), of(3, 0, 6)
		}, nil},
		{"nine frauds", func(c *replay.Comparison) {
			c.Actions[dataset.Block][dataset.Approve], c.Actions[dataset.Approve][dataset.Block] = of(0, 5, 4), of(3, 0, 5)
		}, []string{FewSwappedFrauds, "9 of 14 labeled swaps"}},
		{"no swap labeled", func(c *replay.Comparison) { c.Actions[dataset.Block][dataset.Approve] = of(100, 0, 0) },
			[]string{UnlabeledSwapIns, "100 of 100 swap-ins have no label", "from 0.91 % to 10.00 %"}},
		{"not what production ran", func(c *replay.Comparison) { c.Stopped = &[2]replay.Tally{of(100, 0, 0), {}} },
			[]string{ChampionBeyond, "100 of 100 records that production stopped and the champion approves have no label", "from 0.91 % to 10.00 %"}},
		{"production approved it", func(c *replay.Comparison) {
			c.Actions[dataset.Block][dataset.Approve], c.Stopped = of(100, 0, 0), &[2]replay.Tally{}
		}, nil},
		{"undecided on both sides", func(c *replay.Comparison) {
			c.Actions[replay.Undecided][dataset.Approve], c.Actions[dataset.Approve][replay.Undecided] = of(0, 70, 30), of(0, 15, 5)
		}, []string{UndecidedDifference, "100 records are undecided under the champion and 20 under the challenger", "between -20 and +100 of 1,120"}},
	} {
		cmp := &replay.Comparison{}
		cmp.Actions[dataset.Approve][dataset.Approve] = of(0, 990, 10)
		c.edit(cmp)
		got := ComparisonWarnings(cmp)
		if len(c.want) == 0 && len(got) == 0 {
			continue
		}
		if len(got) != 1 || len(c.want) == 0 || got[0].Code != c.want[0] {
			t.Errorf("%s: %v, want %q", c.name, got, c.want)
			continue
		}
		for _, text := range c.want[1:] {
			if !strings.Contains(got[0].Message, text) {
				t.Errorf("%s: %q does not say %q", c.name, got[0].Message, text)
			}
		}
	}
}

func TestSelection(t *testing.T) {
	if _, found := Selection(1); found {
		t.Error("one challenger is no choice")
	}
	if w, found := Selection(2); !found || w.Code != SeveralChallengers {
		t.Errorf("two challengers give %v", w)
	}
}
