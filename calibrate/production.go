package calibrate

import (
	"cmp"
	"fmt"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// produced is what production did in a window: the action that is known of each record or, where none is, the champion's. Who
// takes the champion for what production ran, and is wrong, finds labels missing where he thinks that they were approved, and
// takes the stopped ones for clean.
type produced struct {
	// by is indexed by what production did, kept is what it approved and stopped what it did not, by the champion's actions, without
	// calls.
	by      [dataset.NumActions]replay.Tally
	kept    replay.Tally
	stopped replay.Counts
}

// producedIn reads from the champion's result what production did.
func producedIn(r *replay.Result) (p produced) {
	if r.Past == nil {
		p.by, p.kept, p.stopped.Actions = r.Actions, r.Approved(), r.Actions
		p.stopped.Actions[dataset.Approve], p.stopped.Actions[dataset.Monitor] = replay.Tally{}, replay.Tally{}
		return p
	}
	for past, row := range r.Past {
		for a, t := range row {
			did := did(dataset.Action(past), dataset.Action(a))
			p.by[did] = p.by[did].Add(t)
			if isApproved(did) {
				p.kept = p.kept.Add(t)
			} else {
				p.stopped.Actions[a] = p.stopped.Actions[a].Add(t)
			}
		}
	}
	return p
}

// did returns what production did with a record: what is known or, where that is nothing, the champion's action.
func did(past, champion dataset.Action) dataset.Action { return cmp.Or(past, champion) }

// didWith is did of the records of a pile.
func didWith(p replay.Pile, champion *replay.Policy) dataset.Action {
	if p.Past != dataset.NoAction {
		return p.Past
	}
	return champion.Decide(p.Case).Action
}

// share is that of labeled records among those that production approved; 1 where there are none.
func (p *produced) share() float64 {
	if p.kept.N() == 0 {
		return 1
	}
	return float64(p.kept.Labeled()) / float64(p.kept.N())
}

// all returns what production stopped.
func (p *produced) all() (t replay.Tally) {
	for _, a := range p.stopped.Actions {
		t = t.Add(a)
	}
	return t
}

// A ProductionID says how a certificate knows what production did; where it does not, the champion stands for it.
type ProductionID struct {
	// Recorded counts the records of the history that carry an action, Replayed those on which the history policy decided
	// instead.
	Recorded int64 `json:"recorded"`
	Replayed int64 `json:"replayed"`
	// Policy is the history policy, and YAML its text; both are left out where there is none.
	Policy *PolicyID `json:"policy,omitempty"`
	YAML   string    `json:"policy_yaml,omitempty"`
}

func productionID(p replay.Production) *ProductionID {
	if !p.Known() && p.Policy == nil {
		return nil
	}
	out := &ProductionID{Recorded: p.Recorded, Replayed: p.Replayed}
	if p.Policy != nil {
		id := idOf(p.Policy)
		out.Policy, out.YAML = &id, string(p.Policy.YAML())
	}
	return out
}

// HistoryPolicy returns the policy that stood for production where no action was recorded, nil for none. file is for the error.
func (c *Certificate) HistoryPolicy(file string) (*replay.Policy, error) {
	if c.Production == nil || c.Production.Policy == nil {
		return nil, nil
	}
	p, err := replay.ParsePolicy("history policy of "+file, []byte(c.Production.YAML))
	if err != nil {
		return nil, err
	}
	if id := idOf(p); id != *c.Production.Policy {
		return nil, fmt.Errorf("%s: production.policy is %s, and its policy_yaml is %s: want the same", file, c.Production.Policy.SHA256, id.SHA256)
	}
	return p, nil
}

// words say whose decisions are taken for what production did; "" where those are the champion's.
func (p *ProductionID) words() string {
	switch {
	case p == nil || p.Recorded+p.Replayed == 0:
		return ""
	case p.Replayed == 0:
		return "as recorded"
	case p.Recorded == 0:
		return "as " + p.Policy.Name + " would have"
	}
	return fmt.Sprintf("as recorded, and as %s would have where nothing is", p.Policy.Name)
}

// StoppedBy names, for a sentence, the records that limits are heard on without their labels: those that production stopped, or
// where the history does not say what it did, those that the champion does not approve.
func (c *Calibration) StoppedBy() string {
	if c.Production.Known() {
		return "that production stopped"
	}
	return "that the champion does not approve"
}
