package reports

import (
	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// remembered adds to a result what production did: of the policy's approvals it stopped a part, and of a few nobody knows.
func remembered(r replay.Result, name string) replay.Result {
	r.Production = replay.Production{Recorded: 1900, Replayed: 100, Unknown: 32, Policy: &replay.Policy{Name: name}, Judged: 1850, Differ: 75, Crossed: 20}
	r.Past = &replay.Past{}
	r.Past[dataset.Approve][dataset.Approve] = tallyOf(200, 9000, 21, 4999)
	r.Past[dataset.Monitor][dataset.StepUp] = tallyOf(10, 300, 9, 8050)
	r.Past[dataset.StepUp][dataset.Approve] = tallyOf(30, 1700, 22, 4999)
	r.Past[dataset.Block][dataset.Approve] = tallyOf(240, 10, 1, 4999)
	r.Past[dataset.NoAction][dataset.Approve] = tallyOf(2, 30, 0, 4999)
	return r
}

// beyondNothing approves nothing that production stopped.
func beyondNothing(r replay.Result) replay.Result {
	r.Production = replay.Production{Recorded: 658}
	r.Past = &replay.Past{}
	r.Past[dataset.Approve][dataset.Approve] = r.Approved()
	return r
}

// explored is what exploration says of the approvals of remembered: an estimate and a refusal, records that had no chance, and values
// that make no sense.
func explored() *calibrate.ExploredPolicy {
	e := &calibrate.ExploredPolicy{Exploration: &replay.Exploration{Field: "approval_probability", Never: tallyOf(240, 10, 1, 4999), Outside: 7, Least: -0.5, Most: 1.25, Contrary: 2, Undone: 3,
		Odds: []replay.Odds{{Probability: 0.05, Approved: tallyOf(1, 80, 3, 4999), Stopped: tallyOf(1700, 0, 0, 4999)}, {Probability: 1, Approved: tallyOf(202, 9030, 21, 4999)}}},
		Approvals: 11288, Rest: calibrate.Selective{Frauds: 1, Known: 11, Unknown: 240}}
	for _, o := range e.Odds {
		for label, n := range o.Approved.Add(o.Stopped).Records {
			for range n {
				e.Explored.Add(o.Probability, dataset.Label(label))
			}
		}
	}
	e.SNIPS = e.Explored.SNIPS(0.95)
	e.NoRobust = "the surface of a month is fitted on others, and the history has but one"
	return e
}
