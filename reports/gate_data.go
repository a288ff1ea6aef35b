package reports

import (
	"slices"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// A gateJSON is part of the contract of compare: what an acceptance says of a challenger.
type gateJSON struct {
	Verdict    string           `json:"verdict"` // broken where any limit is, too_small where none was judged, else holds
	Confidence calibrate.Number `json:"confidence"`
	By         []string         `json:"by"` // of the limits on segments, empty without
	Groups     int              `json:"groups"`
	MinLabeled int64            `json:"min_labeled"`
	Limits     []verdictJSON    `json:"limits"`
}

// A verdictJSON is one limit on all records, where key is null, or on one group.
type verdictJSON struct {
	Limit      string           `json:"limit"`
	Measure    string           `json:"measure"`
	Kind       string           `json:"kind"` // absolute, change, times
	Sense      string           `json:"sense"`
	Bound      calibrate.Number `json:"bound"`
	On         string           `json:"on"`
	Key        *object          `json:"key"`
	Verdict    string           `json:"verdict"` // holds, broken, too_small
	Seen       calibrate.Number `json:"seen"`
	Method     string           `json:"method"`   // of the bound, none on the value
	Champion   *sideJSON        `json:"champion"` // null where the limit does not look at it
	Challenger *sideJSON        `json:"challenger"`
	Undecided  int64            `json:"undecided"`          // records that count as what hurts most
	Straddles  bool             `json:"straddles"`          // these alone break it: taken the other way it holds
	Unlabeled  int64            `json:"unlabeled_swap_ins"` // that are in neither count, but for those withheld
	Withheld   int64            `json:"withheld"`           // of these: labels missing beyond chance, counted as fraud by a limit on a bound
	Labeled    int64            `json:"labeled"`
}

func newGate(g *calibrate.Gate) *gateJSON {
	if g == nil {
		return nil
	}
	out := &gateJSON{string(g.Ruling()), calibrate.Number(g.Confidence), append([]string{}, g.By...), g.Groups, g.MinLabeled, make([]verdictJSON, 0, len(g.Verdicts))}
	for _, v := range g.Verdicts {
		x := verdictJSON{Limit: v.Criterion.String(), Measure: v.Measure, Kind: kindName(v.Kind), Sense: "at_most", Bound: calibrate.Number(v.Bound.Float()),
			On: "value", Verdict: string(v.Ruling), Seen: v.Seen, Method: v.Method, Challenger: newSide(&v.Challenger), Undecided: v.Undecided, Straddles: v.Straddles, Unlabeled: v.Unlabeled, Withheld: v.Withheld, Labeled: v.Labeled}
		if v.AtLeast {
			x.Sense = "at_least"
		}
		if v.OnBound {
			x.On = "bound"
		}
		if v.Kind != replay.Absolute {
			x.Champion = newSide(&v.Champion)
		}
		if v.Key != nil {
			key := keyJSON(g.By, v.Key)
			x.Key = &key
		}
		out.Limits = append(out.Limits, x)
	}
	return out
}

func kindName(k replay.Kind) string {
	switch k {
	case replay.Change:
		return "change"
	case replay.Times:
		return "times"
	}
	return "absolute"
}

// tidyGate appends a line for each verdict. The name is the limit, to the verdict; low or high is the one-sided bound of a
// limit on one, difference what a change is.
func (s contest) tidyGate(t *Table, v Versus) {
	if v.Gate == nil {
		return
	}
	for _, x := range v.Gate.Verdicts {
		lead := []any{v.Result.Policy.Name}
		for _, field := range s.by {
			if i := slices.Index(v.Gate.By, field); i >= 0 && x.Key != nil {
				lead = append(lead, x.Key[i])
			} else {
				lead = append(lead, nil)
			}
		}
		if len(s.by) > 0 {
			scope := "all"
			if x.Key != nil {
				scope = "group"
			}
			lead = append(lead, scope)
		}
		values := append([]any{"gate", x.Criterion.String(), string(x.Ruling)}, make([]any, len(tidyTallies))...)
		var champion *calibrate.Measure
		if x.Kind != replay.Absolute {
			champion = &x.Champion
		}
		values = append(append(values, sideCells(champion)...), sideCells(&x.Challenger)...)
		t.line(lead, append(values, gateCells(x, v.Gate.Confidence)...)...)
	}
}

// gateCells fills the columns from difference on.
func gateCells(x calibrate.Verdict, confidence float64) []any {
	difference, low, high, level := any(nil), any(nil), any(nil), any(nil)
	if x.Kind == replay.Change {
		difference = x.Challenger.Value - x.Champion.Value
	}
	if x.OnBound {
		level = calibrate.Number(confidence)
		if x.AtLeast {
			low = x.Seen
		} else {
			high = x.Seen
		}
	}
	return []any{difference, nil, low, high, nil, level, x.Method}
}
