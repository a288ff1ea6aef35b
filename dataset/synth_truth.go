package dataset

import "time"

// A Truth is what is true of a synthetic history, counted before anything was lost, hidden or mislabeled unless said
// otherwise. All slices are in a fixed order.
type Truth struct {
	SchemaVersion int          `json:"schema_version"` // 1
	Synthetic     bool         `json:"synthetic"`      // true
	Options       SynthOptions `json:"options"`        // with every default in its place
	TruthCount
	Amount      int64           `json:"amount"`       // minor units
	FraudAmount int64           `json:"fraud_amount"` // minor units
	Months      []TruthGroup    `json:"months"`       // the key is 2025-01
	Segments    [][]TruthGroup  `json:"segments"`     // of each segment field, the key is its value
	Cells       []TruthCell     `json:"cells"`        // all 25 pairs of clusters, or 5 for login
	Actions     []TruthGroup    `json:"actions"`      // what production did, by name; only those that occur
	Products    []TruthProducts `json:"products"`
	Labels      TruthLabels     `json:"labels"`
	// Treatments are the shares behind the outcomes, nil where the records have none.
	Treatments *SynthTreatments `json:"treatments,omitempty"`
}

// A TruthCount counts records by their true class.
type TruthCount struct {
	Records int64 `json:"records"`
	Fraud   int64 `json:"fraud"`
	Legit   int64 `json:"legit"`
}

func (c *TruthCount) count(fraud bool) {
	c.Records++
	if fraud {
		c.Fraud++
	} else {
		c.Legit++
	}
}

func (c *TruthCount) add(d TruthCount) {
	c.Records += d.Records
	c.Fraud += d.Fraud
	c.Legit += d.Legit
}

// A TruthGroup counts the records that share a key.
type TruthGroup struct {
	Key string `json:"key"`
	TruthCount
}

// A TruthCell is a pair of clusters: those that the products had in store for a record, asked or not. Probability and Share
// are P(fraud | cell) and P(cell) under the model; the counts vary about them.
type TruthCell struct {
	Session    string `json:"session"`
	Onboarding string `json:"onboarding,omitempty"` // "" for login, whose cluster is under Session
	TruthCount
	Probability float64 `json:"probability"`
	Share       float64 `json:"share"`
}

// A TruthProducts counts the answers of one product as they were recorded.
type TruthProducts struct {
	Product    string `json:"product"`
	OK         int64  `json:"ok"`
	NotCalled  int64  `json:"not_called"`
	Missing    int64  `json:"missing"`
	Processing int64  `json:"processing"`
	Error      int64  `json:"error"`
}

// A TruthLabels tells what became of the labels. Known, Blocked and Immature add up to all records; a blocked record that is
// also immature counts as Blocked.
type TruthLabels struct {
	Known    TruthCount `json:"known"`
	Blocked  TruthCount `json:"blocked"`  // no outcome, because production blocked it
	Immature TruthCount `json:"immature"` // not known at AsOf
	Flipped  TruthCount `json:"flipped"`  // of the known: recorded the wrong way round
	Explored TruthCount `json:"explored"` // approved only by exploration
}

// A synthTally is the countable part of a Truth.
type synthTally struct {
	total         TruthCount
	amount        [2]int64 // of legit, of fraud
	months        []TruthCount
	segments      [][]TruthCount
	cells         [NumClusters][NumClusters]TruthCount
	actions       [NumActions]TruthCount
	statuses      [2][NumStatuses]int64
	censors       [numCensors]TruthCount
	flip, explore TruthCount
}

func (s *synthesizer) newTally() synthTally {
	t := synthTally{months: make([]TruthCount, s.Months)}
	for _, seg := range s.segments {
		t.segments = append(t.segments, make([]TruthCount, len(seg.values)))
	}
	return t
}

// count adds one record.
func (t *synthTally) count(r *synthRecord) {
	t.total.count(r.fraud)
	t.months[r.month].count(r.fraud)
	for i, v := range r.values {
		t.segments[i][v].count(r.fraud)
	}
	t.cells[scorecard(r.session)][scorecard(r.onboarding)].count(r.fraud)
	t.actions[r.action].count(r.fraud)
	t.statuses[0][r.first]++
	t.statuses[1][r.second]++
	t.censors[r.censor].count(r.fraud)
	if r.flipped && r.censor == uncensored {
		t.flip.count(r.fraud)
	}
	if r.explored {
		t.explore.count(r.fraud)
	}
	class := 0
	if r.fraud {
		class = 1
	}
	t.amount[class] += r.cents
}

// add merges u into t.
func (t *synthTally) add(u *synthTally) {
	t.total.add(u.total)
	addCounts(t.months, u.months)
	for i := range t.segments {
		addCounts(t.segments[i], u.segments[i])
	}
	for i := range t.cells {
		addCounts(t.cells[i][:], u.cells[i][:])
	}
	addCounts(t.actions[:], u.actions[:])
	addCounts(t.censors[:], u.censors[:])
	for p := range t.statuses {
		for i, n := range u.statuses[p] {
			t.statuses[p][i] += n
		}
	}
	t.flip.add(u.flip)
	t.explore.add(u.explore)
	for i, v := range u.amount {
		t.amount[i] += v
	}
}

func addCounts(to, from []TruthCount) {
	for i, c := range from {
		to[i].add(c)
	}
}

// truth names the counts and puts the model beside them.
func (s *synthesizer) truth(t synthTally) Truth {
	out := Truth{SchemaVersion: 1, Synthetic: true, Options: s.resolved, TruthCount: t.total,
		Amount: t.amount[0] + t.amount[1], FraudAmount: t.amount[1], Segments: [][]TruthGroup{},
		Labels: TruthLabels{Known: t.censors[uncensored], Blocked: t.censors[censorBlocked], Immature: t.censors[censorImmature],
			Flipped: t.flip, Explored: t.explore}}
	for m, c := range t.months {
		out.Months = append(out.Months, TruthGroup{time.Unix(s.months[m], 0).UTC().Format("2006-01"), c})
	}
	for i, counts := range t.segments {
		var groups []TruthGroup
		for v, c := range counts {
			groups = append(groups, TruthGroup{s.segments[i].values[v], c})
		}
		out.Segments = append(out.Segments, groups)
	}
	for a, c := range t.actions {
		if c.Records > 0 {
			out.Actions = append(out.Actions, TruthGroup{actionNames[a], c})
		}
	}
	if s.Outcomes {
		shares := synthTreatments
		out.Treatments = &shares
	}
	out.Cells = s.cells(&t)
	products := []string{"session", "onboarding"}
	if s.Login {
		products = []string{"login"}
	}
	for p, name := range products {
		n := t.statuses[p]
		out.Products = append(out.Products, TruthProducts{name, n[OK], n[NotCalled], n[Missing], n[Processing], n[Failed]})
	}
	return out
}

func (s *synthesizer) cells(t *synthTally) []TruthCell {
	var out []TruthCell
	for _, a := range Clusters {
		if s.Login {
			c := TruthCell{Session: a.String()}
			for _, n := range t.cells[a] {
				c.add(n)
			}
			c.Probability, c.Share = s.model(clusterScores[a], scoreRange{0, MaxScore})
			out = append(out, c)
			continue
		}
		for _, b := range Clusters {
			c := TruthCell{Session: a.String(), Onboarding: b.String(), TruthCount: t.cells[a][b]}
			c.Probability, c.Share = s.model(clusterScores[a], clusterScores[b])
			out = append(out, c)
		}
	}
	return out
}
