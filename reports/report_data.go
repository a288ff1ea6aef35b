package reports

import (
	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// reportVersion counts incompatible changes of the report's file, and reportKind is what it calls itself.
const (
	reportVersion = 1
	reportKind    = "report"
)

// The types of this file are the JSON contract of report: what programs ask of it, then the document as people read it, from which
// every other form is made again.

type reportJSON struct {
	SchemaVersion int                    `json:"schema_version"`
	Kind          string                 `json:"kind"`
	Tool          string                 `json:"tool"`
	Month         *string                `json:"month"`    // null where no record has a time
	Decision      string                 `json:"decision"` // keep, change or insufficient_evidence
	Reason        *string                `json:"reason"`   // why the history cannot be calibrated on, else null
	Champion      policyJSON             `json:"champion"`
	Proposed      *policyJSON            `json:"proposed"` // null unless a change is recommended
	Challengers   []policyJSON           `json:"challengers"`
	Objective     string                 `json:"objective"`
	Limits        []string               `json:"limits"`
	Read          int64                  `json:"read"`
	Rejected      int64                  `json:"rejected"`
	Records       int64                  `json:"records"`
	Period        *periodJSON            `json:"period"`
	Maturity      *maturityJSON          `json:"maturity"` // null where labels were taken as they are
	Windows       []windowJSON           `json:"windows"`
	Numbers       []numberJSON           `json:"numbers"`  // of the last window, or of all records without one
	Measures      []measureJSON          `json:"measures"` // of the champion over all records
	Certificate   *calibrate.Certificate `json:"certificate"`
	Forecasts     []forecastJSON         `json:"forecasts"`
	Realised      *realisedOfJSON        `json:"realised"` // null without a previous report
	Inputs        []calibrate.InputID    `json:"inputs"`
	Issues        []issueJSON            `json:"issues"`
	Warnings      []calibrate.Warning    `json:"warnings"`
	Document      any                    `json:"document"`
}

type numberJSON struct {
	Name     string       `json:"name"`
	Champion measureJSON  `json:"champion"`
	Proposed *measureJSON `json:"proposed"`
}

type realisedOfJSON struct {
	Since    string         `json:"since"` // the month of the previous report
	Role     string         `json:"role"`
	Policy   string         `json:"policy"`
	Measures []realisedJSON `json:"measures"`
}

// data returns the contract's value for a document.
func (m monthly) data(d Document) reportJSON {
	r := m.results[0]
	out := reportJSON{SchemaVersion: reportVersion, Kind: reportKind, Tool: m.Tool, Decision: string(m.decide()), Champion: newPolicyJSON(m.Champion),
		Challengers: []policyJSON{}, Objective: string(m.Goals.Objective), Limits: []string{}, Read: m.account.Read, Rejected: m.account.Rejected, Records: r.Total().N(),
		Period: newPeriod(m.account.Period), Maturity: newMaturity(m.account), Windows: []windowJSON{}, Measures: measuresJSON(m.setting(r).Measures(r.Policy, r.Counts)),
		Certificate: m.Certificate, Forecasts: m.forecasts(), Inputs: inputIDs(m.Profile.Account), Issues: issuesJSON(m.Profile.Account.Issues),
		Warnings: append([]calibrate.Warning{}, calibrate.Warnings(r)...), Document: documentJSON(d)}
	if m.Month != "" {
		out.Month = &m.Month
	}
	if m.Calibration == nil {
		out.Reason = &m.Nothing
	}
	for _, l := range m.Goals.Limits {
		out.Limits = append(out.Limits, l.String())
	}
	at := m.proposed()
	if at != nil && m.decide() == decideChange {
		p := newPolicyJSON(at.Policy)
		out.Proposed = &p
	}
	for _, v := range m.Versus {
		if at == nil || v.Result.Policy != at.Policy {
			out.Challengers = append(out.Challengers, newPolicyJSON(v.Result.Policy))
		}
	}
	if m.advice != nil {
		out.Windows = m.advice.windowsData()
		out.Warnings = append(out.Warnings, m.Calibration.Warnings()...)
	}
	list, _ := m.keyNumbers()
	for _, x := range list {
		n := numberJSON{Name: x.champion.Name, Champion: measuresJSON([]calibrate.Measure{x.champion})[0]}
		if x.proposed != nil {
			n.Proposed = &measuresJSON([]calibrate.Measure{*x.proposed})[0]
		}
		out.Numbers = append(out.Numbers, n)
	}
	if m.Previous != nil && m.Previous.Month < m.Month {
		f := m.Previous.inForce(m.Champion)
		out.Realised = &realisedOfJSON{m.Previous.Month, f.Role, f.Policy.Name, m.realised(f)}
	}
	return out
}

// InForce returns the policy whose forecast a report holds against what came: the one that was proposed where it is the champion by
// now, and else the champion of then.
func (p *Previous) InForce(champion *replay.Policy) (*replay.Policy, error) {
	f := p.inForce(champion)
	if f.Policy.SHA256 == champion.Hash() {
		return champion, nil
	}
	return replay.ParsePolicy(p.File, []byte(f.Policy.YAML))
}

func (p *Previous) inForce(champion *replay.Policy) forecastJSON {
	for _, f := range p.forecasts {
		if f.Role == "proposed" && f.Policy.SHA256 == champion.Hash() {
			return f
		}
	}
	return p.forecasts[0]
}
