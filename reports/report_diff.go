package reports

import (
	"strings"

	"github.com/trustreplay/trustreplay/replay"
)

// diffContext is how many unchanged lines stand around those that change.
const diffContext = 2

// diffPolicies returns the lines of the second policy's file as a change of the first's: each begins with - or + or a space.
func diffPolicies(from, to *replay.Policy) []string {
	lines := func(p *replay.Policy) []string {
		return strings.Split(strings.TrimSuffix(string(p.YAML()), "\n"), "\n")
	}
	return shortened(diffLines(lines(from), lines(to)))
}

// mostDiff bounds the table of a diff. Two files whose lines multiply to more are shown one after the other.
const mostDiff = 4 << 20

// diffLines is the shortest change of a into b, by the longest common subsequence of their lines. Lines go before others come.
func diffLines(a, b []string) []string {
	if len(a)*len(b) > mostDiff {
		return append(prefixed("-", a), prefixed("+", b)...)
	}
	common := make([][]int, len(a)+1) // of the lines from i and from j on
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if common[i][j] = max(common[i+1][j], common[i][j+1]); a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	var out []string
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, " "+a[i])
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || common[i+1][j] >= common[i][j+1]):
			out = append(out, "-"+a[i])
			i++
		default:
			out = append(out, "+"+b[j])
			j++
		}
	}
	return out
}

func prefixed(sign string, lines []string) []string {
	var out []string
	for _, l := range lines {
		out = append(out, sign+l)
	}
	return out
}

// shortened leaves out the unchanged lines that are far from any change, an ellipsis for each run of them.
func shortened(lines []string) []string {
	near := make([]bool, len(lines))
	for i, l := range lines {
		if l[0] == ' ' {
			continue
		}
		for k := max(0, i-diffContext); k <= min(len(lines)-1, i+diffContext); k++ {
			near[k] = true
		}
	}
	var out []string
	for i, l := range lines {
		switch {
		case near[i]:
			out = append(out, l)
		case i == 0 || near[i-1]:
			out = append(out, " ...")
		}
	}
	return out
}
