package reports

import (
	"github.com/trustreplay/trustreplay/calibrate"
)

// The types of this file are the evidence of calibrate's JSON contract. All counts in it are of all records, and apparent,
// unless a name says otherwise.

type evidenceJSON struct {
	NobodyIsBest bool             `json:"approving_nobody_is_best"`
	Apparent     []rowJSON        `json:"apparent"`
	Standings    []standingJSON   `json:"standings"`
	Frontier     *frontierJSON    `json:"frontier"`
	Nested       *nestedJSON      `json:"nested"`
	NestedAbsent string           `json:"nested_absent,omitempty"`
	Exchange     calibrate.Number `json:"approvals_per_fraud"` // at the first limit
	Prices       []limitPriceJSON `json:"prices"`
	Rollout      []rolloutJSON    `json:"rollout"`
	Backtest     *backtestJSON    `json:"backtest"`
}

type rowJSON struct {
	Search      string           `json:"search"`
	Family      string           `json:"family"`
	Absent      string           `json:"absent,omitempty"` // why there is no such policy
	First       *calibrate.Range `json:"first_cutoff"`
	Second      *calibrate.Range `json:"second_cutoff"`
	ApproveFrom *calibrate.Range `json:"approve_from"`
	Tried       int64            `json:"tried"`
	Feasible    int64            `json:"feasible"`
	Tied        int64            `json:"tied"`
	Objective   calibrate.Number `json:"objective"`
	Approved    tallyJSON        `json:"approved"`
	Policy      *string          `json:"policy"` // YAML, null for a shape that no policy can hold
}

type standingJSON struct {
	Name      string           `json:"name"`
	Absent    string           `json:"absent,omitempty"`
	Objective calibrate.Number `json:"objective"`
	Share     calibrate.Number `json:"share"`
	Below     calibrate.Number `json:"below_bound"`
}

type frontierJSON struct {
	Gain     string       `json:"gain"`
	Per      int64        `json:"gain_units,omitempty"` // where treatments count: gains are so many for each record, or each millionth of a major unit of money
	Cost     string       `json:"cost"`
	Vertices []vertexJSON `json:"vertices"`
}

type vertexJSON struct {
	Gain    int64              `json:"gain"`
	Cost    int64              `json:"cost"`
	Corners []calibrate.Corner `json:"corners"`
}

type nestedJSON struct {
	Middle     string             `json:"middle"`
	Priced     string             `json:"priced_by"`
	Assumes    string             `json:"assumes"`
	Step       int                `json:"step"` // what every cutoff is a multiple of
	Infeasible string             `json:"infeasible,omitempty"`
	Objective  calibrate.Number   `json:"objective"`
	Approve    []calibrate.Corner `json:"approve_corners"`
	Reach      []calibrate.Corner `json:"reach_corners"`
	Actions    object             `json:"actions"`
}

type limitPriceJSON struct {
	Limit   string           `json:"limit"`
	Binds   bool             `json:"binds"`
	Tighter calibrate.Number `json:"a_tenth_tighter"` // change of the objective as a share, or in money
	Looser  calibrate.Number `json:"a_tenth_looser"`
}

type rolloutJSON struct {
	Step     string        `json:"step"`
	Change   string        `json:"change"`
	Policy   string        `json:"policy"`
	Measures []measureJSON `json:"measures"` // of the last window
	In       tallyJSON     `json:"newly_approved"`
	Out      tallyJSON     `json:"newly_stopped"`
	Triggers []triggerJSON `json:"triggers"`
}

type triggerJSON struct {
	Limit string `json:"limit"`
	Look  int64  `json:"look_after"`
	GoOn  int64  `json:"go_on_at_most"`
	Stop  int64  `json:"stop_at_least"`
}

type backtestJSON struct {
	Tried     int              `json:"months_tried"`
	Chosen    int              `json:"recommended"`
	Over      int              `json:"above_a_limit"`
	Shown     int              `json:"shown_broken"`
	Allowed   calibrate.Number `json:"shown_broken_expected_at_most"`
	NaiveOver int              `json:"naive_above_a_limit"`
	NaiveShow int              `json:"naive_shown_broken"`
	Months    []monthTrialJSON `json:"months"`
}

type monthTrialJSON struct {
	Month       string     `json:"month"`
	Records     int64      `json:"records"`
	Family      string     `json:"family"`
	Result      string     `json:"result"`
	Champion    *tallyJSON `json:"champion_approved"`
	Recommended *tallyJSON `json:"recommended_approved"`
	Naive       *tallyJSON `json:"naive_approved"`
}

func (s advice) evidenceData() *evidenceJSON {
	e := s.beside
	if e.Apparent == nil && e.Backtest == nil {
		return nil
	}
	out := &evidenceJSON{Apparent: []rowJSON{}, Standings: []standingJSON{}, Exchange: calibrate.Undefined(), Prices: []limitPriceJSON{}, Rollout: []rolloutJSON{}}
	if e.Apparent != nil {
		out.NobodyIsBest = e.Apparent.NobodyIsBest()
		for _, r := range e.Apparent.Rows {
			out.Apparent = append(out.Apparent, s.rowData(r))
		}
	}
	if u := e.Unrestricted; u != nil {
		s.shapesData(out, u)
	}
	if e.Prices != nil {
		for _, l := range e.Prices.Limits {
			out.Prices = append(out.Prices, limitPriceJSON{l.Limit.String(), l.Binds, s.moveData(l.Tighter), s.moveData(l.Looser)})
		}
	}
	for _, step := range e.Rollout {
		setting := calibrate.Setting{Confidence: displayConfidence, Days: s.Windows[len(s.Windows)-1].Days(), Economics: s.Goals.Economics}
		j := rolloutJSON{Step: step.Policy.Name, Change: string(step.Change), Policy: string(step.Policy.YAML()),
			Measures: measuresJSON(setting.Measures(step.Policy, step.Counts)), In: newTally(step.In), Out: newTally(step.Out), Triggers: []triggerJSON{}}
		for _, t := range step.Triggers {
			j.Triggers = append(j.Triggers, triggerJSON{t.Limit.String(), t.Look, t.GoOn, t.Stop})
		}
		out.Rollout = append(out.Rollout, j)
	}
	if b := e.Backtest; b != nil {
		out.Backtest = backtestData(b)
	}
	return out
}

// objectiveNumber is an objective as a number: records, parts of them where step-ups and reviews count, or money in major units.
func (s advice) objectiveNumber(v int64) calibrate.Number {
	switch s.Goals.Objective {
	case calibrate.LeastCost:
		return s.objectiveMoney(-v)
	case calibrate.MostProfit:
		return s.objectiveMoney(v)
	}
	return calibrate.Number(float64(v) / float64(s.Goals.Scale()))
}

func (s advice) rowData(r calibrate.Row) rowJSON {
	j := rowJSON{Search: r.Search, Family: string(r.Family), Absent: r.Skipped + r.Infeasible, Tried: r.Tried, Feasible: r.Feasible, Tied: r.Tied, Objective: calibrate.Undefined()}
	if !r.Found() {
		return j
	}
	cutoff := func(c calibrate.Range) *calibrate.Range {
		if c.High == calibrate.NoScore || c == (calibrate.Range{}) {
			return nil
		}
		return &c
	}
	if r.Family == calibrate.Cutoffs || r.Family == calibrate.Waterfalls {
		j.First, j.Second = cutoff(r.First), cutoff(r.Second)
	}
	if r.Family == calibrate.Waterfalls {
		j.ApproveFrom = cutoff(r.ApproveFrom)
	}
	j.Objective, j.Approved = s.objectiveNumber(r.Objective), newTally(r.Counts.Approved())
	if r.Policy != nil {
		text := string(r.Policy.YAML())
		j.Policy = &text
	}
	return j
}

func (s advice) shapesData(out *evidenceJSON, u *calibrate.Unrestricted) {
	for _, st := range u.Standings {
		j := standingJSON{Name: st.Name, Absent: st.Absent, Objective: calibrate.Undefined(), Share: st.Share, Below: st.Below}
		if st.Absent == "" {
			j.Objective = s.objectiveNumber(st.Objective)
		}
		out.Standings = append(out.Standings, j)
	}
	if len(u.Vertices) > 0 {
		out.Frontier = &frontierJSON{Gain: u.Gain, Cost: u.Cost, Vertices: []vertexJSON{}}
		if scale := s.Goals.Scale(); scale > 1 {
			out.Frontier.Per = scale
		}
		for _, v := range u.Vertices {
			out.Frontier.Vertices = append(out.Frontier.Vertices, vertexJSON{v.Gain, v.Cost, append([]calibrate.Corner{}, v.Corners...)})
		}
	}
	out.Exchange, out.NestedAbsent = u.Exchange.Rate(), u.NestedAbsent
	if n := u.Nested; n != nil {
		j := &nestedJSON{Middle: n.Middle.String(), Priced: n.Priced, Assumes: n.Assumes, Step: n.Step, Infeasible: n.Infeasible, Objective: calibrate.Undefined(),
			Approve: append([]calibrate.Corner{}, n.Approve.Corners...), Reach: append([]calibrate.Corner{}, n.Reach.Corners...), Actions: actionsJSON(n.Counts)}
		if n.Infeasible == "" {
			j.Objective = s.objectiveNumber(n.Objective)
		}
		out.Nested = j
	}
}

func (s advice) moveData(m calibrate.PriceMove) calibrate.Number {
	switch {
	case !m.Found:
		return calibrate.Undefined()
	case m.Share.Defined():
		return m.Share
	}
	return s.objectiveMoney(m.Difference)
}

func backtestData(b *calibrate.Backtest) *backtestJSON {
	out := &backtestJSON{b.Tried, b.Recommended.Chosen, b.Recommended.Over, b.Recommended.Shown, calibrate.Number(b.Allowed), b.Naive.Over, b.Naive.Shown, []monthTrialJSON{}}
	for _, m := range b.Months {
		out.Months = append(out.Months, monthTrialJSON{m.Month, m.Total.N(), string(m.Family), monthResult(m), trialData(m.Champion), trialData(m.Recommended), trialData(m.Naive)})
	}
	return out
}

func trialData(t calibrate.Trial) *tallyJSON {
	if t.Policy == nil {
		return nil
	}
	j := newTally(t.Counts.Approved())
	return &j
}
