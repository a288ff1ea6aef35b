package replay

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// TestParseLatency meets both sides of each edge of a latency.
func TestParseLatency(t *testing.T) {
	for text, want := range map[string]Latency{
		"[2, 8]": {2000, 8000}, "standard": {2000, 8000}, "low_latency": {0, 1000}, "[0, 0]": {}, "[0.001, 3600]": {1, 3600_000}, "[2.50, 2.5]": {2500, 2500}, "[1, 3600.000]": {1000, 3600_000},
	} {
		e, err := ParseEconomics("e.yaml", []byte(economicsText+"latency: {session: "+text+"}\n"))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(map[string]Latency{"session": want}, e.Latency); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	for text, want := range map[string]string{
		"[8, 2]":         "e.yaml:8:20: latency of session goes from 8 down to 2: want the seconds",
		"[2]":            "e.yaml:8:20: latency of session has 1 values",
		"[1, 2, 3]":      "e.yaml:8:20: latency of session has 3 values",
		"[-1, 2]":        `e.yaml:8:21: latency of session is "-1"`,
		"[0, 3600.001]":  `e.yaml:8:24: latency of session is "3600.001"`,
		"[0, 0.0001]":    `latency of session is "0.0001"`,
		"[0, 1e3]":       `latency of session is "1e3"`,
		"[0, .inf]":      "latency of session is ",
		`["2", "8"]`:     `latency of session is "2"`,
		"8":              `e.yaml:8:20: latency of session is "8"`,
		"slow":           `e.yaml:8:20: latency of session is "slow"`,
		"":               "latency of session is empty",
		"{low: 1}":       "latency of session is a mapping",
		"[2, 8], sms: 1": `unknown key "sms" in latency`,
	} {
		_, err := ParseEconomics("e.yaml", []byte(economicsText+"latency: {session: "+text+"}\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
	if _, err := ParseEconomics("e.yaml", []byte(economicsText+"latency: {}\n")); err == nil || !strings.Contains(err.Error(), "latency is empty") {
		t.Errorf("error %v", err)
	}
}

// TestLatencyCovers checks that a product without a latency is told where others have one.
func TestLatencyCovers(t *testing.T) {
	e := &Economics{Calls: map[string]Money{"session": 0, "onboarding": 0}, Latency: map[string]Latency{"session": {}}}
	if err := e.Covers(&Policy{Name: "one", First: "session"}); err != nil {
		t.Errorf("a latency of 0 is a latency: %v", err)
	}
	err := e.Covers(&Policy{Name: "two", First: "session", Second: "onboarding"})
	if err == nil || !strings.Contains(err.Error(), "no latency of onboarding, which policy two asks") {
		t.Errorf("error %v", err)
	}
}

// TestWait adds the waits up record by record, with every record at the ends of its products' ranges and within them.
func TestWait(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, used := drawPolicy(rt, "a")
		if rapid.Bool().Draw(rt, "combined") && p.Second != "" {
			for c := range p.Gate {
				p.Gate[c] = Next
			}
		}
		e := &Economics{Latency: map[string]Latency{}}
		for _, product := range []string{"session", "onboarding", "login"} {
			low := rapid.Int64Range(0, 5).Draw(rt, "low")
			e.Latency[product] = Latency{low, low + rapid.Int64Range(0, 5).Draw(rt, "width")}
		}
		everywhere := p.Second != ""
		for _, step := range p.Gate {
			everywhere = everywhere && step == Next
		}
		var c Counts
		var low, high, any, both int64
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 20).Draw(rt, "rows")
		for _, r := range rows {
			d := p.Decide(r.caseOf(p, used))
			c.add(&d, uint32(r.label), 1, 0)
			wait := func(at func(Latency) int64) int64 {
				first, second := at(e.Latency[p.First]), at(e.Latency[p.Second])
				switch {
				case !d.Called:
					return first
				case everywhere:
					return max(first, second)
				}
				return first + second
			}
			if d.Called {
				both++
			}
			low += wait(func(l Latency) int64 { return l.Low })
			high += wait(func(l Latency) int64 { return l.High })
			any += wait(func(l Latency) int64 { return rapid.Int64Range(l.Low, l.High).Draw(rt, "answer") })
		}
		got, found := e.Wait(p, c)
		if want := (Wait{Parallel: everywhere, Records: int64(len(rows)), Both: both, Low: low, High: high}); !found || got != want {
			rt.Fatalf("got %+v, want %+v", got, want)
		}
		if any < got.Low || any > got.High {
			rt.Fatalf("records wait %d, not within %+v", any, got)
		}
	})
	if _, found := (&Economics{}).Wait(&Policy{First: "session"}, Counts{}); found {
		t.Error("a wait without latencies")
	}
}

// TestParallelBuiltins checks which of the guides' integrations ask both products at once.
func TestParallelBuiltins(t *testing.T) {
	for _, name := range BuiltinNames() {
		p, _ := Builtin(name)
		if want := strings.HasSuffix(name, "-combined"); p.Parallel() != want {
			t.Errorf("%s: parallel %v, want %v", name, p.Parallel(), want)
		}
	}
	p, _ := Builtin("guide-combined")
	waterfall := *p
	waterfall.Gate[dataset.High] = dataset.Approve
	if waterfall.Parallel() {
		t.Error("a gate that approves asks one product after the other")
	}
}
