package reports

import (
	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// The types of this file are the JSON contract of calibrate.

type calibrateJSON struct {
	SchemaVersion int                    `json:"schema_version"`
	Champion      string                 `json:"champion"`
	Objective     string                 `json:"objective"`
	Limits        []string               `json:"limits"`
	Delta         calibrate.Number       `json:"delta"`
	Maturity      *maturityJSON          `json:"maturity,omitempty"` // left out where labels were taken as they are
	Procedure     string                 `json:"procedure"`          // propose-rank-certify or ladder
	Windows       []windowJSON           `json:"windows"`
	Certified     bool                   `json:"certified"`
	Reason        *string                `json:"reason"`             // why the history cannot be calibrated on, else null
	Recommended   *string                `json:"recommended_policy"` // YAML, null where nothing is certified
	Certificate   *calibrate.Certificate `json:"certificate"`
	Current       []standJSON            `json:"champion_windows"` // what the champion does in each window
	Standing      []findingJSON          `json:"champion_limits"`  // its limits in the last window
	Proposed      int                    `json:"proposed"`
	Tested        int                    `json:"tested"`
	Passed        int                    `json:"passed"`
	Candidates    []candidateJSON        `json:"candidates"` // in the order of the walk
	Missing       []findingJSON          `json:"missing"`    // of the candidate that came nearest, where nothing is certified
	Refused       *refusedJSON           `json:"refused,omitempty"`
	Treatments    object                 `json:"treatments,omitempty"`         // the guesses, with treatments in the economics
	Reliances     []relianceJSON         `json:"reliances,omitempty"`          // which step would be recommended with each guess at worst and best
	Measured      []measuredJSON         `json:"treatment_outcomes,omitempty"` // of production's own treatments, where the history has some
	Evidence      *evidenceJSON          `json:"evidence"`                     // null with --quick and without --backtest
	Warnings      []calibrate.Warning    `json:"warnings"`
	Issues        []issueJSON            `json:"issues"`
}

type windowJSON struct {
	Name      string `json:"name"`
	From      string `json:"from"`
	To        string `json:"to"`
	Records   int64  `json:"records"`
	Fraud     int64  `json:"fraud"`
	Legit     int64  `json:"legit"`
	Unlabeled int64  `json:"unlabeled"`
}

type standJSON struct {
	Window   string        `json:"window"`
	Actions  object        `json:"actions"`
	Measures []measureJSON `json:"measures"`
	Final    []finalJSON   `json:"final,omitempty"` // after step-up and review, with treatments in the economics
}

type findingJSON struct {
	Limit       string           `json:"limit"`
	K           int64            `json:"k"`
	N           int64            `json:"n"`
	Alpha       calibrate.Number `json:"alpha"`
	Certifiable bool             `json:"certifiable"`
	Met         bool             `json:"met"`
	P           calibrate.Number `json:"p"`
	Bound       calibrate.Number `json:"bound"`
	Effective   int64            `json:"effective_n,omitempty"` // independent records that N are worth, with an entity
	Bets        int64            `json:"bets,omitempty"`        // payments bet on, by value under a cap; k and n are then minor units
	Withheld    int64            `json:"withheld"`              // of K or N: labels missing where they should be, counted as what hurts most
	// Undecided records on which the limit depends count in K of N as what hurts most, in LeastK of LeastN as what hurts least;
	// Straddles is set where they alone decide whether it is kept. They are left out where there is none.
	Undecided int64 `json:"undecided,omitempty"`
	LeastK    int64 `json:"least_k,omitempty"`
	LeastN    int64 `json:"least_n,omitempty"`
	Straddles bool  `json:"straddles,omitempty"`
	// Clean and SameRate are the labeled records that are missing to certify: without any fraud, and at the same rate, null
	// where no number of those would do.
	Clean    int64  `json:"missing_clean"`
	SameRate *int64 `json:"missing_same_rate"`
}

type candidateJSON struct {
	Step    int              `json:"step"`
	Family  string           `json:"family"`
	Tested  bool             `json:"tested"`
	Passed  bool             `json:"passed"`
	P       calibrate.Number `json:"p"`
	RankP   calibrate.Number `json:"rank_p"`
	Checked bool             `json:"checked_limits_met"`
	Lack    int64            `json:"withheld"` // labels missing where they should be, in the last window
	Windows []standJSON      `json:"windows"`  // those that were looked at
	Policy  string           `json:"policy"`   // YAML
}

func (s advice) data() any {
	c := s.Calibration
	out := calibrateJSON{SchemaVersion: schemaVersion, Champion: c.Champion.Name, Objective: string(c.Goals.Objective), Limits: []string{},
		Current: []standJSON{}, Delta: calibrate.Number(c.Goals.Delta), Maturity: newMaturity(s.account), Procedure: "propose-rank-certify", Certificate: s.cert, Proposed: c.Proposed, Tested: c.Tested,
		Passed: c.Passed, Refused: s.refusedData(), Evidence: s.evidenceData(), Candidates: []candidateJSON{}, Standing: findingsJSON(c.Standing), Missing: findingsJSON(c.Missing),
		Warnings: append([]calibrate.Warning{}, c.Warnings()...), Issues: issuesJSON(s.account.Issues)}
	if c.Ladder {
		out.Procedure = "ladder"
	}
	if e := c.Goals.Economics; e != nil {
		out.Treatments, out.Reliances, out.Measured = treatmentsJSON(e.Treatments), s.reliancesData(), measuredData(c.Treated)
	}
	for _, l := range c.Goals.Limits {
		out.Limits = append(out.Limits, l.String())
	}
	out.Windows = s.windowsData()
	for i := range c.Windows {
		out.Current = append(out.Current, s.stand(i, c.Current[i], s.windowSetting(i, c.Champion, c.Current[i]), c.Champion))
	}
	if at, found := c.Recommendation(); found {
		text := string(at.Policy.YAML())
		out.Recommended, out.Certified = &text, s.cert.Withdrawn == ""
	}
	for i, at := range c.Candidates {
		j := candidateJSON{Step: i + 1, Family: string(at.Family), Tested: i < c.Tested, Passed: at.Passed, P: calibrate.Undefined(),
			RankP: at.RankP(), Checked: at.Checked, Lack: at.Withheld, Policy: string(at.Policy.YAML())}
		if c.Ladder {
			j.RankP = calibrate.Undefined() // its order was fixed before
		}
		seen := len(at.Counts)
		if j.Tested {
			j.P = at.P()
		} else {
			seen-- // the last window was not looked at
		}
		for w := range seen {
			setting := calibrate.Setting{Confidence: s.confidence, Days: s.Windows[w].Days(), Economics: s.Goals.Economics}
			if i == c.Recommended { // of all others, limits say what undecided records leave open
				setting = s.windowSetting(w, at.Policy, at.Counts[w])
			}
			j.Windows = append(j.Windows, s.stand(w, at.Counts[w], setting, at.Policy))
		}
		out.Candidates = append(out.Candidates, j)
	}
	return out
}

func (s advice) windowsData() []windowJSON {
	out := []windowJSON{}
	for _, w := range s.Windows {
		r := w.Total.Records
		out = append(out, windowJSON{w.Name, w.From, w.To, w.Total.N(), r[dataset.Fraud], r[dataset.Legit], r[dataset.Unlabeled]})
	}
	return out
}

func (s advice) stand(window int, c replay.Counts, setting calibrate.Setting, p *replay.Policy) standJSON {
	return standJSON{s.Windows[window].Name, actionsJSON(c), measuresJSON(setting.Measures(p, c)), finalData(s.Goals.Economics, p, c)}
}

func findingsJSON(list []calibrate.Finding) []findingJSON {
	out := make([]findingJSON, 0, len(list))
	for _, v := range list {
		j := findingJSON{Limit: v.Limit.String(), K: v.K, N: v.N, Alpha: calibrate.Number(v.Alpha), Certifiable: v.Certifiable, Met: v.Met, P: v.P, Bound: v.Bound, Withheld: v.Withheld, Effective: v.Effective, Bets: v.Bets,
			Clean: v.Missing.Clean}
		if v.Undecided > 0 {
			j.Undecided, j.LeastK, j.LeastN, j.Straddles = v.Undecided, v.LeastK, v.LeastN, v.Straddles
		}
		if v.Missing.Reachable {
			j.SameRate = &v.Missing.SameRate
		}
		out = append(out, j)
	}
	return out
}

// tidy has a line for each candidate and window that was looked at, after those of the champion. What is refused has a line more for
// each limit that it straddles.
func (s advice) tidy() *Table {
	t := &Table{}
	for _, name := range []string{"policy", "step", "family", "result", "window", "from", "to", "records", "approved", "fraud_approved", "labeled_approved",
		"approval_rate", "fraud_rate", "p", "undecided", "straddled_limit", "limit_least", "limit_most", "collect_scores", "collect_per_month", "collect_share", "collect_months", "collect_answers"} {
		t.Columns = append(t.Columns, Column{Name: name})
	}
	for _, name := range s.finalColumns() {
		t.Columns = append(t.Columns, Column{Name: name})
	}
	list := s.reliances()
	add := func(lead []any, policy *replay.Policy, step, w int, c replay.Counts, p calibrate.Number, collect ...any) {
		a := c.Approved()
		n, k, labeled := c.Total().N(), a.Records[dataset.Fraud], a.Labeled()
		window := s.Windows[w]
		asked := make([]any, collectCells)
		copy(asked, collect)
		values := append([]any{window.Name, window.From, window.To, n, a.N(), k, labeled, calibrate.Rate("", a.N(), n, s.confidence).Value,
			calibrate.Rate("", k, labeled, s.confidence).Value, p, undecidedOf(c)}, asked...)
		t.line(lead, append(values, s.finalValues(list, policy, c, step)...)...)
	}
	for w := range s.Windows {
		add([]any{s.Champion.Name, nil, "champion", "champion"}, s.Champion, -1, w, s.Current[w], calibrate.Undefined())
	}
	for i, at := range s.Candidates {
		result := "certified"
		switch {
		case i == s.Recommended:
			result = "recommended"
		case i >= s.Tested:
			result = "not tested"
		case !at.Passed:
			result = "failed"
		}
		for w, c := range at.Counts {
			p := calibrate.Undefined()
			switch {
			case w == len(at.Counts)-1 && i >= s.Tested:
				continue
			case w == len(at.Counts)-1:
				p = at.P()
			}
			add([]any{at.Policy.Name, int64(i + 1), string(at.Family), result}, at.Policy, i, w, c, p)
		}
	}
	if r := s.Refused; r != nil {
		at := s.Candidates[r.Candidate]
		for i, c := range r.Collect {
			add([]any{at.Policy.Name, int64(r.Candidate + 1), string(at.Family), "refused"}, at.Policy, r.Candidate, len(s.Windows)-1, r.Counts, calibrate.Undefined(), collectLine(r, i, c)...)
		}
	}
	return t
}
