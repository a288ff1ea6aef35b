package replay

import (
	"fmt"
	"slices"
	"strings"
)

// A Latency is how long a product takes to answer: from Low to High milliseconds, both included.
type Latency struct{ Low, High int64 }

// latencyModes are the two modes that the vendor offers for most products (Integration Guide, "Latency Considerations"):
// standard answers in 2 to 8 seconds, low latency in less than one.
var latencyModes = []struct {
	name string
	Latency
}{{"standard", Latency{2000, 8000}}, {"low_latency", Latency{0, 1000}}}

// String prints a latency as an economics file does, in seconds: [2, 8].
func (l Latency) String() string { return "[" + secondsText(l.Low) + ", " + secondsText(l.High) + "]" }

// secondsText prints milliseconds as seconds, exactly.
func secondsText(ms int64) string {
	text := fmt.Sprintf("%d.%03d", ms/1000, ms%1000)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// A Wait adds up how long the records of a history would wait for what a policy asks, if every answer, a failed one too, took
// as long as the economics say.
type Wait struct {
	// Parallel is set for a policy whose gate says next in every row: it is the combined integration, which asks both products
	// at once, so a record waits for the slower one. Any other policy asks its second product after the first.
	Parallel bool
	// Records counts the history, Both the part of it that waits for the answers of two products.
	Records, Both int64
	// Low and High are sums over the records, in milliseconds: of the shortest and of the longest waits. The mean lies between
	// Low / Records and High / Records whatever the distribution within the ranges, and whether or not the two products are
	// slow on the same records.
	Low, High int64
}

// Wait returns how long the records of counts wait under the policy that counted them; found is false where the economics give
// no latencies. A record that a rule or the gate decides waits for the first product alone.
func (e *Economics) Wait(p *Policy, c Counts) (w Wait, found bool) {
	if e == nil || e.Latency == nil {
		return w, false
	}
	first, second := e.Latency[p.First], e.Latency[p.Second]
	w.Records, w.Both = c.Calls[0], c.Calls[1]
	w.Parallel = p.Parallel()
	both := Latency{first.Low + second.Low, first.High + second.High}
	if w.Parallel {
		both = Latency{max(first.Low, second.Low), max(first.High, second.High)}
	}
	once := w.Records - w.Both
	w.Low, w.High = once*first.Low+w.Both*both.Low, once*first.High+w.Both*both.High
	return w, true
}

// Parallel reports whether the policy is the combined integration: every row of its gate says next, so the second product need
// not wait for the first.
func (p *Policy) Parallel() bool {
	return p.Second != "" && !slices.ContainsFunc(p.Gate[:], func(s Step) bool { return s != Next })
}
