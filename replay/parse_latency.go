package replay

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/trustreplay/trustreplay/dataset"
)

// The limits of a latency in a file: exact to the millisecond, at most an hour.
const (
	secondsDecimals = 3
	maxLatency      = 3600_000
)

const wantLatency = "the seconds from the fastest answer to the slowest, such as [2, 8], from 0 to 3600 with at most 3 decimals, or the guide's standard or low_latency"

// latency reads how long each product takes; nil where the file does not say.
func (p *economicsParser) latency() map[string]Latency {
	e, found := p.top["latency"]
	if !found {
		return nil
	}
	entries, ok := p.mapping(e.value, "latency", dataset.Products)
	if ok && len(entries) == 0 {
		p.fail(place(e.value), "latency is empty: want {session: [2, 8]}, or no latency at all")
	}
	out := map[string]Latency{}
	for _, e := range entries {
		out[e.key] = p.seconds(e)
	}
	return out
}

// seconds reads the name of a mode, or a list of the fastest and the slowest answer.
func (p *economicsParser) seconds(e entry) (l Latency) {
	what := "latency of " + e.key
	switch n := e.value.(type) {
	case *ast.StringNode:
		for _, mode := range latencyModes {
			if n.Value == mode.name {
				return mode.Latency
			}
		}
	case *ast.SequenceNode:
		if len(n.Values) != 2 {
			p.fail(place(n), "%s has %d values: want %s", what, len(n.Values), wantLatency)
			return l
		}
		low, okLow := p.duration(n.Values[0], what)
		high, okHigh := p.duration(n.Values[1], what)
		if okLow && okHigh && low > high {
			p.fail(place(n), "%s goes from %s down to %s: want %s", what, secondsText(low), secondsText(high), wantLatency)
		}
		return Latency{low, high}
	}
	p.fail(place(e.value), "%s is %s: want %s", what, describe(e.value), wantLatency)
	return l
}

// duration reads seconds as milliseconds.
func (p *economicsParser) duration(n ast.Node, what string) (ms int64, ok bool) {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		ms, ok = fixedPoint(n.GetToken().Value, secondsDecimals)
	}
	if !ok || ms > maxLatency {
		p.fail(place(n), "%s is %s: want %s", what, describe(n), wantLatency)
		return 0, false
	}
	return ms, true
}

// latencyYAML prints the line of an economics file, "" where there is none.
func (e *Economics) latencyYAML() string {
	var of []string
	for _, product := range dataset.Products {
		if l, found := e.Latency[product]; found {
			of = append(of, product+": "+l.String())
		}
	}
	if of == nil {
		return ""
	}
	return "latency: {" + strings.Join(of, ", ") + "}\n"
}
