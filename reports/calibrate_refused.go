package reports

import (
	"fmt"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// refused says which candidate the history cannot decide on, and what to collect; nothing where there is none.
func (s advice) refused() []Block {
	r := s.Refused
	if r == nil {
		return nil
	}
	at := s.Candidates[r.Candidate]
	n := r.Counts.Total().N()
	out := []Block{Heading("Refused for what this history did not ask"), Paragraph(fmt.Sprintf(
		"Step %d (%s) approves at least %s of %s records of %s. On %s of them (%s) it asks %s and the history did not, so that what it does there is not known.",
		r.Candidate+1, at.Family, thousands(r.Counts.Approved().N()), thousands(n), s.Windows[len(s.Windows)-1].String(),
		thousands(undecidedOf(r.Counts)), percent(calibrate.Number(float64(undecidedOf(r.Counts))/float64(n))), at.Policy.Second))}
	collect := r.Collect
	for _, v := range r.Findings {
		if !v.Straddles {
			continue
		}
		out = append(out, Paragraph(fmt.Sprintf("The limit %s is kept or broken by them: %s %s over what they may become.", limitText(v.Limit), strings.ReplaceAll(v.Limit.Measure, "_", " "), findingRange(v))),
			Paragraph(collectText(collect[0])))
		collect = collect[1:]
	}
	return out
}

func undecidedOf(c replay.Counts) int64 { return c.Actions[replay.Undecided].N() }

// findingRange prints what a limit's measure may be over the undecided records.
func findingRange(v calibrate.Finding) string {
	if !v.Certifiable {
		return "kept at one end and broken at the other"
	}
	low, high := v.Range()
	return "from " + shareText(low) + " to " + shareText(high)
}

// collectText says what to collect, and what that assumes.
func collectText(c calibrate.Collection) string {
	where := fmt.Sprintf("They are %s records a month, %s.", thousands(int64(c.PerMonth+0.5)), rangesText(c))
	if !c.Reachable {
		why := "no number of answers that could be asked for decides it"
		switch {
		case !c.Allowed.Defined():
			why = "how many answers decide it cannot be told of this limit"
		case c.Allowed == 0:
			why = "the decided records alone are not sure enough to leave them any room"
		}
		return where + " As it is, " + why + "."
	}
	during := "a month"
	if m := c.Months(); m > 1 {
		during = fmt.Sprintf("%s months", thousands(m))
	}
	return fmt.Sprintf("%s To decide it, ask %s on %s of these, picked at random, for %s: %s answers, of which %s are then expected to count. This assumes that %s of the answers count, "+
		"as far as the history tells, and that %s of those count against it, as of the decided ones; up to %s would be kept. It is a plan, not a promise.",
		where, c.Product, percent(c.Share()), during, thousands(c.Answers), thousands(c.Counted), percent(c.Yield), shareText(c.Rate), shareText(c.Allowed))
}

// rangesText says where undecided records lie: with session 551..620 (120), and without a score (3).
func rangesText(c calibrate.Collection) string {
	var parts []string
	for _, r := range c.Ranges {
		if r.Low == calibrate.NoScore {
			parts = append(parts, fmt.Sprintf("without a score of %s (%s)", c.Of, thousands(r.Undecided)))
			continue
		}
		parts = append(parts, fmt.Sprintf("with %s %d..%d (%s)", c.Of, r.Low, r.High, thousands(r.Undecided)))
	}
	return strings.Join(parts, ", ")
}

// collectCells is how many cells collectLine has.
const collectCells = 8

// collectLine are the cells about what to collect of a refused candidate's line: the limit, its two ends and what to collect. Ranges are 551-620, or
// "none" for records without a score, joined by spaces.
func collectLine(r *calibrate.Refusal, i int, c calibrate.Collection) []any {
	var straddled []calibrate.Finding
	for _, v := range r.Findings {
		if v.Straddles {
			straddled = append(straddled, v)
		}
	}
	var ranges []string
	for _, x := range c.Ranges {
		if x.Low == calibrate.NoScore {
			ranges = append(ranges, "none")
			continue
		}
		ranges = append(ranges, fmt.Sprintf("%d-%d", x.Low, x.High))
	}
	low, high := straddled[i].Range()
	out := []any{c.Limit.String(), low, high, strings.Join(ranges, " "), calibrate.Number(c.PerMonth), nil, nil, nil}
	if c.Reachable {
		out[5], out[6], out[7] = c.Share(), c.Months(), c.Answers
	}
	return out
}

// The following types are the part of calibrate's JSON contract about what is refused.

type refusedJSON struct {
	Step      int           `json:"step"`
	Policy    string        `json:"policy"` // YAML
	Undecided int64         `json:"undecided"`
	Records   int64         `json:"records"`
	Limits    []findingJSON `json:"limits"`
	Collect   []collectJSON `json:"collect"`
}

type collectJSON struct {
	Limit    string           `json:"limit"`
	Product  string           `json:"product"` // to ask
	Of       string           `json:"of"`      // whose scores the ranges are of
	Ranges   []scoreRangeJSON `json:"ranges"`
	PerMonth calibrate.Number `json:"undecided_per_month"`
	// Share of these, over so many months, makes the answers; all null where no number of them decides the limit.
	Share   *calibrate.Number `json:"share"`
	Months  *int64            `json:"months"`
	Answers *int64            `json:"answers"`
	Counted *int64            `json:"counted"`
	// The assumptions.
	Yield   calibrate.Number `json:"assumed_yield"`
	Rate    calibrate.Number `json:"assumed_rate"`
	Allowed calibrate.Number `json:"allowed_rate"`
}

// A scoreRangeJSON has null for both ends where the records have no score.
type scoreRangeJSON struct {
	Low       *int  `json:"low"`
	High      *int  `json:"high"`
	Undecided int64 `json:"undecided"`
}

func (s advice) refusedData() *refusedJSON {
	r := s.Refused
	if r == nil {
		return nil
	}
	out := &refusedJSON{Step: r.Candidate + 1, Policy: string(s.Candidates[r.Candidate].Policy.YAML()), Undecided: undecidedOf(r.Counts), Records: r.Counts.Total().N(),
		Limits: findingsJSON(r.Findings)}
	for _, c := range r.Collect {
		out.Collect = append(out.Collect, newCollect(c))
	}
	return out
}

func newCollect(c calibrate.Collection) collectJSON {
	out := collectJSON{Limit: c.Limit.String(), Product: c.Product, Of: c.Of, PerMonth: calibrate.Number(c.PerMonth), Yield: c.Yield, Rate: c.Rate, Allowed: c.Allowed}
	for _, r := range c.Ranges {
		j := scoreRangeJSON{Undecided: r.Undecided}
		if r.Low != calibrate.NoScore {
			j.Low, j.High = &r.Low, &r.High
		}
		out.Ranges = append(out.Ranges, j)
	}
	if c.Reachable {
		share, months := c.Share(), c.Months()
		out.Share, out.Months, out.Answers, out.Counted = &share, &months, &c.Answers, &c.Counted
	}
	return out
}
