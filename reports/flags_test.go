package reports

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

func tallied(unlabeled, legit, fraud int64) replay.Tally {
	var t replay.Tally
	t.Records[dataset.Unlabeled], t.Records[dataset.Legit], t.Records[dataset.Fraud] = unlabeled, legit, fraud
	return t
}

// flagged is a profile in which each flag is in another state: hit, hit without frauds, never hit, lacking fields, and with fields that
// never occur together. One signal tells nothing, one code is a trust code.
func flagged() *replay.Profile {
	p := profileOf()
	p.Total = tallied(10, 900, 90)
	for i, f := range replay.Flags() {
		g := replay.FlagProfile{Flag: f, Overlap: make([]int64, 6), Told: tallied(10, 800, 80), Missing: 110}
		switch i {
		case 0:
			g.Hits, g.Overlap[0], g.Overlap[1] = tallied(1, 4, 16), 21, 7
		case 1:
			g.Hits, g.Overlap[0], g.Overlap[1] = tallied(2, 50, 0), 7, 52
		case 3:
			g.Lacks, g.Told, g.Missing = []string{"session.has_ai_agent"}, replay.Tally{}, 1000
		case 4:
			g.Told, g.Missing = replay.Tally{}, 1000
		}
		p.Flags = append(p.Flags, g)
	}
	p.Signals = []replay.SignalProfile{{Field: "session.all", True: tallied(10, 900, 90)},
		{Field: "session.rare", True: tallied(0, 5, 15), False: tallied(10, 800, 60), AbsentRecords: 110}}
	p.Codes = []replay.CodeProfile{{Field: "onboarding.phone.reason_codes", Code: "TP001", Tally: tallied(0, 500, 1), Told: tallied(10, 800, 80)}}
	return p
}

func TestFlagsScreen(t *testing.T) {
	text := string(render(t, Inspect(flagged()), "text"))
	flat := strings.Join(strings.Fields(text), " ")
	for _, want := range []string{
		"for having looked at 9, of which 4 could be tested",
		"automation-established 21 20 16 80.00 % 58.40 – 91.93 % 8.8 <0.001 110",
		"spoofed-disposable 52 50 0 0 at most 5.82 % 0 1.000 110",
		"vpn-country-mismatch [1] 0 0 0 n/a n/a n/a 110",
		"[1] no hit on 890 records that have its fields: with 95 % confidence it holds on at most 0.34 % of records like these",
		"ai-agent-new-email [2] n/a n/a n/a n/a n/a n/a 1,000",
		"[2] cannot be told: not found in this history: session.has_ai_agent",
		"[3] cannot be told: no record has all of onboarding.score_cluster, session.mouse_movement",
		"1 automation-established 21 – 7 (33.3 %)", "2 spoofed-disposable 52 7 (13.5 %) –",
		"session.all 1,000 990 90 9.09 % 7.45 – 11.04 % 1.0 n/a 0",
		"session.rare 20 20 15 75.00 % 53.13 – 88.81 % 8.8 <0.001 110",
		"onboarding.phone TP001 501 501 1 0.20 % 0.04 – 1.12 % <0.1 <0.001",
	} {
		if !strings.Contains(flat, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, line := range strings.Split(text, "\n") {
		if n := len([]rune(line)); n > 100 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// TestFlagsJSON reads the figures back and computes the family again with the functions of package calibrate.
func TestFlagsJSON(t *testing.T) {
	type tested struct {
		P     *float64 `json:"p"`
		PHolm *float64 `json:"p_holm"`
		Lift  *float64 `json:"lift"`
	}
	var got struct {
		LookedAt struct {
			Flags, Signals, Tested int
			Codes                  int `json:"reason_codes"`
		} `json:"looked_at"`
		Flags []struct {
			Name   string
			Lacks  []string
			AtMost *float64 `json:"share_at_most"`
			Hits   struct{ Records int64 }
			tested
			Overlap []struct {
				Flag    string
				Records int64
			}
		}
		Signals []struct{ tested }
		Codes   []struct {
			tested
			Told struct{ Fraud, Legit int64 }
		} `json:"reason_codes"`
	}
	if err := json.Unmarshal(render(t, Inspect(flagged()), "json"), &got); err != nil {
		t.Fatal(err)
	}
	p := []float64{calibrate.FisherGreater(16, 20, 64, 860), calibrate.FisherGreater(0, 50, 80, 830), calibrate.FisherTwoSided(15, 20, 60, 860), calibrate.FisherTwoSided(1, 501, 79, 379)}
	adjusted := calibrate.HolmAdjusted(p)
	for i, f := range []tested{got.Flags[0].tested, got.Flags[1].tested, got.Signals[1].tested, got.Codes[0].tested} {
		if f.P == nil || f.PHolm == nil || math.Abs(*f.P-p[i]) > 1e-12*p[i] || math.Abs(*f.PHolm-adjusted[i]) > 1e-12*adjusted[i] {
			t.Errorf("%d: %+v, want p %v corrected %v", i, f, p[i], adjusted[i])
		}
	}
	if told := got.Codes[0].Told; told.Fraud != 80 || told.Legit != 800 {
		t.Errorf("the code could be told on %+v", told)
	}
	if got.LookedAt.Flags != 6 || got.LookedAt.Signals != 2 || got.LookedAt.Codes != 1 || got.LookedAt.Tested != 4 {
		t.Errorf("looked at %+v", got.LookedAt)
	}
	for i, f := range got.Flags {
		if (f.AtMost != nil) != (i == 2 || i == 5) || (f.P != nil) != (i < 2) || (len(f.Lacks) > 0) != (i == 3) || len(f.Overlap) != 5 {
			t.Errorf("flag %+v", f)
		}
	}
	if bound := *got.Flags[2].AtMost; math.Abs(bound-(1-math.Pow(0.05, 1.0/890))) > 1e-12 {
		t.Errorf("no hit among 890: at most %v", bound)
	}
	if o := got.Flags[0].Overlap[0]; o.Flag != "spoofed-disposable" || o.Records != 7 {
		t.Errorf("overlap %+v", o)
	}
	if got.Signals[0].P != nil || *got.Signals[0].Lift != 1 {
		t.Errorf("a signal that is always true was tested: %+v", got.Signals[0])
	}
}

func TestFlagsTidy(t *testing.T) {
	lines := strings.Split(string(render(t, Inspect(flagged()), "csv")), "\n")
	for _, want := range []string{
		"flag,automation-established,told,890,80,800,10,0.00,0.00,", "flag,automation-established,hits,21,16,4,1,0.00,0.00,0.8,",
		"flag,automation-established,missing,110,", "flag_overlap,automation-established,spoofed-disposable,7,",
	} {
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, want) }) {
			t.Errorf("no line %q in\n%s", want, strings.Join(lines, "\n"))
		}
	}
	head := strings.Split(lines[0], ",")
	for _, l := range lines[1 : len(lines)-1] {
		if n := strings.Count(l, ",") + 1; n != len(head) {
			t.Errorf("%d cells under %d heads: %s", n, len(head), l)
		}
	}
	if !slices.Equal(head[len(head)-2:], []string{"p", "p_holm"}) {
		t.Errorf("columns %v", head)
	}
}

// TestFlagsOfOneProduct prints no table of flags where a history holds one product and none of what they read.
func TestFlagsOfOneProduct(t *testing.T) {
	p := flagged()
	p.Products = p.Products[:1]
	for i := range p.Flags {
		p.Flags[i].Lacks = []string{"x"}
	}
	if text := string(render(t, Inspect(p), "text")); strings.Contains(text, "Red flags") || !strings.Contains(text, "session.rare") {
		t.Error(text)
	}
}

func TestFlagsList(t *testing.T) {
	d := Flags(replay.Flags())
	for _, format := range Formats() {
		out := string(render(t, d, format))
		for _, f := range replay.Flags() {
			if !strings.Contains(out, f.Name) || !strings.Contains(out, strings.Fields(f.When.Source)[0]) {
				t.Errorf("%s: no %s in\n%s", format, f.Name, out)
			}
		}
	}
}
