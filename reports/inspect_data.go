package reports

import (
	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// The types of this file are the JSON form of inspect: names and their order are part of the contract.

type profileJSON struct {
	SchemaVersion int                `json:"schema_version"`
	Read          int64              `json:"read"`
	Records       int64              `json:"records"`
	Rejected      int64              `json:"rejected"`
	IDsChecked    bool               `json:"ids_checked"`
	Inputs        []dataset.FileInfo `json:"inputs"`
	Issues        []issueJSON        `json:"issues"`
	Period        *periodJSON        `json:"period"`
	Total         rateJSON           `json:"total"`
	NoAmount      int64              `json:"no_amount"`
	Collection    collectionJSON     `json:"collection"`
	Months        []keyedJSON        `json:"months"`
	Growth        *growthJSON        `json:"development"` // null where no fraud says when it was reported
	Products      []productJSON      `json:"products"`
	Scores        *scoresJSON        `json:"score_comparison"` // null where no legit, or no fraud, has the scores of both
	Pairs         []pairJSON         `json:"cluster_pairs"`
	Actions       []keyedJSON        `json:"history_actions"`
	LookedAt      familyJSON         `json:"looked_at"`
	Flags         []flagJSON         `json:"flags"`
	Signals       []signalJSON       `json:"signals"`
	Codes         []codeJSON         `json:"reason_codes"`
	Fields        []fieldJSON        `json:"fields"`
	Exploration   string             `json:"exploration_field,omitempty"` // which may hold the chance of each approval
}

type periodJSON struct {
	First string `json:"first"`
	Last  string `json:"last"`
}

// newPeriod returns the days of a period, nil where there is none.
func newPeriod(p *dataset.Period) *periodJSON {
	if p == nil {
		return nil
	}
	first, last := p.Days()
	return &periodJSON{first, last}
}

type collectionJSON struct {
	Mode       replay.Mode `json:"mode"`
	Asked      []string    `json:"asked_clusters"`
	NotAsked   int64       `json:"not_asked"`
	Unanswered []string    `json:"not_identified"`
}

// rateJSON is a tally with the fraud rate of its labeled records.
type rateJSON struct {
	tallyJSON
	FraudRate calibrate.Number `json:"fraud_rate"`
	Low       calibrate.Number `json:"low"`
	High      calibrate.Number `json:"high"`
}

type keyedJSON struct {
	Key string `json:"key"`
	rateJSON
}

type productJSON struct {
	Product          string      `json:"product"`
	Statuses         object      `json:"statuses"`
	NoScore          int64       `json:"no_score"`
	Histogram        []keyedJSON `json:"histogram"`
	Clusters         []keyedJSON `json:"clusters"`
	ImpliedEdges     []int       `json:"implied_edges"` // of low, review, high, very_high; 0 where the history does not tell
	Consistent       bool        `json:"bands_consistent"`
	Compared         int64       `json:"compared"`
	MismatchStandard int64       `json:"mismatch_standard"`
	MismatchQuintile int64       `json:"mismatch_quintile"`

	Performance performanceJSON `json:"performance"`
}

type pairJSON struct {
	Session    string `json:"session"`
	Onboarding string `json:"onboarding"`
	rateJSON
}

type signalJSON struct {
	Field  string   `json:"field"`
	True   rateJSON `json:"true"`
	False  rateJSON `json:"false"`
	Absent int64    `json:"absent"`
	associationJSON
}

type codeJSON struct {
	Field string `json:"field"`
	Code  string `json:"code"`
	rateJSON
	Told rateJSON `json:"told"` // the records that could carry the code
	associationJSON
}

type fieldJSON struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Path     string `json:"path"`
	Personal bool   `json:"personal"`
}

func newTally(t replay.Tally) tallyJSON {
	return tallyJSON{Records: t.N(), Fraud: t.Records[dataset.Fraud], Legit: t.Records[dataset.Legit], Unlabeled: t.Records[dataset.Unlabeled],
		Amount: Amount(t.Value()), FraudAmount: Amount(t.Amount[dataset.Fraud])}
}

func newRate(t replay.Tally) rateJSON {
	m := calibrate.Rate("fraud_rate", t.Records[dataset.Fraud], t.Labeled(), inspectConfidence)
	return rateJSON{newTally(t), m.Value, m.Low, m.High}
}

func inspectData(p *replay.Profile, c replay.Collection, measured scores, f findings) any {
	out := profileJSON{SchemaVersion: schemaVersion, Read: p.Account.Read, Records: p.Total.N(), Rejected: p.Account.Rejected,
		IDsChecked: p.Account.IDsChecked, Inputs: p.Account.Files, Issues: issuesJSON(p.Account.Issues), Total: newRate(p.Total), NoAmount: p.NoAmount, Period: newPeriod(p.Account.Period),
		Collection: collectionJSON{Mode: c.Mode, Asked: []string{}, NotAsked: c.NotAsked, Unanswered: unanswered(p, c)},
		Months:     []keyedJSON{}, Products: []productJSON{}, Pairs: []pairJSON{}, Actions: []keyedJSON{}, Signals: []signalJSON{}, Codes: []codeJSON{}, Fields: []fieldJSON{}, Exploration: coinField(p)}
	for _, a := range c.Asked {
		out.Collection.Asked = append(out.Collection.Asked, a.String())
	}
	for _, m := range p.Months {
		out.Months = append(out.Months, keyedJSON{m.Month, newRate(m.Tally)})
	}
	for i := range p.Products {
		out.Products = append(out.Products, newProduct(&p.Products[i], measured.products[i]))
	}
	out.Scores, out.Growth = measured.data(), newGrowth(growthOf(p))
	for s := range p.Pairs {
		for o, t := range p.Pairs[s] {
			if t.N() > 0 {
				out.Pairs = append(out.Pairs, pairJSON{dataset.Cluster(s).String(), dataset.Cluster(o).String(), newRate(t)})
			}
		}
	}
	for a, t := range p.Actions {
		if t.N() > 0 {
			out.Actions = append(out.Actions, keyedJSON{dataset.Action(a).String(), newRate(t)})
		}
	}
	out.LookedAt, out.Flags = newFamily(f), newFlags(p, f)
	for i, s := range p.Signals {
		out.Signals = append(out.Signals, signalJSON{s.Field, newRate(s.True), newRate(s.False), s.AbsentRecords, newAssociation(f.signals[i])})
	}
	for i, c := range p.Codes {
		out.Codes = append(out.Codes, codeJSON{c.Field, clean(c.Code), newRate(c.Tally), newRate(c.Told), newAssociation(f.codes[i])})
	}
	for _, f := range p.Fields {
		out.Fields = append(out.Fields, fieldJSON{clean(f.Field.Name), f.Field.Kind.String(), clean(f.Path.String()), f.Personal})
	}
	return out
}

func newProduct(p *replay.ProductProfile, perf calibrate.Performance) productJSON {
	edges, consistent := p.ImpliedEdges()
	out := productJSON{Product: p.Product, NoScore: p.NoScore, Histogram: []keyedJSON{}, Clusters: []keyedJSON{}, ImpliedEdges: edges[:],
		Consistent: consistent, Compared: p.WithBoth, MismatchStandard: p.MismatchStandard, MismatchQuintile: p.MismatchQuintile}
	for s, n := range p.Statuses {
		out.Statuses = append(out.Statuses, member{dataset.Status(s).String(), n})
	}
	out.Performance = newPerformance(perf)
	for i, t := range bins(p) {
		out.Histogram = append(out.Histogram, keyedJSON{binName(i), newRate(t)})
	}
	for c, t := range p.Clusters {
		out.Clusters = append(out.Clusters, keyedJSON{dataset.Cluster(c).String(), newRate(t)})
	}
	return out
}

// inspectTidy has a row for each count of the profile: what it is a part of, its key, and its outcomes; and one for each
// statistic of a score, in the column estimate. What was looked at for more or less fraud has lift, p and p_holm.
func inspectTidy(p *replay.Profile, measured scores, f findings) *Table {
	t := &Table{Columns: []Column{{Name: "table"}, {Name: "key"}, {Name: "value"}, {Name: "records"}, {Name: "fraud"}, {Name: "legit"}, {Name: "unlabeled"},
		{Name: "amount"}, {Name: "fraud_amount"}, {Name: "fraud_rate"}, {Name: "low"}, {Name: "high"},
		{Name: "estimate"}, {Name: "lift"}, {Name: "cumulative_lift"}, {Name: "gain"}, {Name: "p"}, {Name: "p_holm"}}}
	row := t.tally
	row("total", "", "", p.Total)
	for _, m := range p.Months {
		row("month", "month", m.Month, m.Tally)
	}
	t.growthTidy(growthOf(p))
	for i := range p.Products {
		q := &p.Products[i]
		for b, tally := range bins(q) {
			row("score", q.Product, binName(b), tally)
		}
		for c, tally := range q.Clusters {
			row("cluster", q.Product, dataset.Cluster(c).String(), tally)
		}
		t.scoreTidy(measured.products[i])
	}
	if d := measured.difference; measured.compared {
		t.statistic("auc_difference", "onboarding", "session", measured.first, d.Value, d.Low, d.High)
	}
	for s := range p.Pairs {
		for o, tally := range p.Pairs[s] {
			row("cluster_pair", dataset.Cluster(s).String(), dataset.Cluster(o).String(), tally)
		}
	}
	for a, tally := range p.Actions {
		row("history_action", "action", dataset.Action(a).String(), tally)
	}
	t.flagTidy(p, f)
	for i, s := range p.Signals {
		t.findingTidy("signal", s.Field, "true", s.True, f.signals[i])
		row("signal", s.Field, "false", s.False)
	}
	for i, c := range p.Codes {
		t.findingTidy("reason_code", c.Field, c.Code, c.Tally, f.codes[i])
	}
	return t
}

// tally appends the line of a tally of the profile.
func (t *Table) tally(table, key, value string, tally replay.Tally) {
	r := newRate(tally)
	t.line(nil, table, key, value, r.Records, r.Fraud, r.Legit, r.Unlabeled, r.Amount, r.FraudAmount, r.FraudRate, r.Low, r.High)
}
