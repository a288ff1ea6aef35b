package replay

import (
	"fmt"

	"github.com/trustreplay/trustreplay/dataset"
)

// A Past counts records by what production did with them, then by what a policy does: Past[dataset.Block][dataset.Approve]
// are the records that production blocked and the policy approves. Past[dataset.NoAction] are those of which nobody knows what
// production did.
type Past [dataset.NumActions][dataset.NumActions]Tally

// Known returns how many records it is known of what production did with them.
func (p *Past) Known() (n int64) {
	for _, a := range dataset.Actions {
		n += p.with(a).N()
	}
	return n
}

// with returns the records that production treated with an action.
func (p *Past) with(a dataset.Action) (t Tally) {
	for _, u := range p[a] {
		t = t.Add(u)
	}
	return t
}

// Production returns the records that production approved.
func (p *Past) Production() (t Tally) {
	for _, a := range Approved {
		t = t.Add(p.with(a))
	}
	return t
}

// Approvals splits what the policy approves: within are those that production approved too, swapIns those that it stopped, by
// a step-up, a review or a block, and unrecorded those of which nobody knows.
func (p *Past) Approvals() (within, swapIns, unrecorded Tally) {
	for past := range p {
		of := &swapIns
		switch a := dataset.Action(past); {
		case a == dataset.NoAction:
			of = &unrecorded
		case lets(a):
			of = &within
		}
		for _, a := range Approved {
			*of = of.Add(p[past][a])
		}
	}
	return within, swapIns, unrecorded
}

// lets reports whether an action is one of Approved.
func lets(a dataset.Action) bool { return a == dataset.Approve || a == dataset.Monitor }

// Production tells how it is known what production did with the records of a cube. The zero value says that it is not.
type Production struct {
	// Recorded counts the records that carry an action. Of the others, the history policy decides on Replayed; of Unknown it is
	// undecided too, or there is none.
	Recorded, Replayed, Unknown int64
	// Policy is the history policy, nil without one. It also decides on Judged of the Recorded, on Differ of these otherwise than
	// production did, and on Crossed of these one of the two approves and the other does not.
	Policy                  *Policy
	Judged, Differ, Crossed int64
	// Unseen names the products and the fields of rules that the history policy reads and no record has.
	Unseen []string
}

// Known reports whether it is known of any record what production did with it.
func (p *Production) Known() bool { return p.Recorded+p.Replayed > 0 }

// Production tells how the cube knows what production did. A slice leaves it with the whole.
func (c *Cube) Production() Production {
	p := c.production
	if p.Policy != nil {
		p.Unseen = c.unseenBy(p.Policy)
	}
	return p
}

func (p *Production) add(q Production) {
	p.Recorded, p.Replayed, p.Unknown = p.Recorded+q.Recorded, p.Replayed+q.Replayed, p.Unknown+q.Unknown
	p.Judged, p.Differ, p.Crossed = p.Judged+q.Judged, p.Differ+q.Differ, p.Crossed+q.Crossed
}

// settle replays the history policy on the records that carry no action, and counts how often it agrees with production on
// the others. It works on cells, all records of which a policy of the plan treats alike, so that it is as exact as a replay
// of each record.
func (c *Cube) settle() error {
	if !c.plan.remembers() {
		return nil
	}
	pol := c.plan.HistoryPolicy
	c.production.Policy = pol
	var run *runner
	if pol != nil {
		run = c.plan.runner(pol)
	}
	var out []cubeGroup
	for i := range c.groups {
		g := &c.groups[i]
		n := g.records()
		switch {
		case g.past != dataset.NoAction:
			c.production.Recorded += n
			if run != nil {
				run.judge(g, &c.production)
			}
			out = append(out, *g)
		case run == nil || g.leftToACoin():
			c.production.Unknown += n
			out = append(out, *g)
		default:
			for _, part := range run.part(g) {
				if part.past == dataset.NoAction {
					c.production.Unknown += part.records()
				} else {
					c.production.Replayed += part.records()
				}
				out = append(out, part)
			}
		}
	}
	if run == nil {
		return nil
	}
	before := c.groups
	var err error
	if c.groups, err = gather(out); err == nil {
		c.resettle(run, before)
	}
	return err
}

// resettle finds the groups of singles again, after the history policy has parted those that had no action.
func (c *Cube) resettle(run *runner, before []cubeGroup) {
	if len(c.singles) == 0 {
		return
	}
	at := c.placeByID()
	in := make([]groupRunner, len(before))
	for i := range before {
		in[i] = run.in(&before[i])
	}
	for i := range c.singles {
		s := &c.singles[i]
		id := before[s.group].groupID
		if id.past == dataset.NoAction {
			id.past = in[s.group].decision(s.index / dataset.NumLabels).Action
		}
		s.group = at[id.text()]
	}
	c.sortSingles()
}

// judge counts on how many records of a group the policy decides, and how often otherwise than production did.
func (r *runner) judge(g *cubeGroup, p *Production) {
	in := r.in(g)
	for _, cell := range g.cells {
		a := in.decision(cell.index / dataset.NumLabels).Action
		if a == Undecided {
			continue
		}
		p.Judged += cell.n
		if a != g.past {
			p.Differ += cell.n
		}
		if lets(a) != lets(g.past) {
			p.Crossed += cell.n
		}
	}
}

// part splits a group by what the policy decides, in the order of actions; what it is undecided on stays without one.
func (r *runner) part(g *cubeGroup) []cubeGroup {
	in := r.in(g)
	var parts [dataset.NumActions]cubeGroup
	for i, cell := range g.cells {
		a := in.decision(cell.index / dataset.NumLabels).Action
		p := &parts[a]
		p.cells = append(p.cells, cell)
		if g.spreads != nil {
			p.spreads = append(p.spreads, g.spreads[i])
		}
	}
	var out []cubeGroup
	for a, p := range parts {
		if len(p.cells) > 0 {
			p.groupID = g.groupID
			p.past = dataset.Action(a)
			if len(out) == 0 {
				p.treated = g.treated // which is of the group's records together, whatever becomes of them
			}
			out = append(out, p)
		}
	}
	return out
}

// remembers reports whether the cube is to know what production did.
func (p *Plan) remembers() bool { return p.Past || p.HistoryPolicy != nil || p.Exploration != "" }

// everybody returns all policies that the cube answers for: those asked about, and the one of the past.
func (p *Plan) everybody() []*Policy {
	if p.HistoryPolicy == nil {
		return p.Policies
	}
	return append(p.Policies[:len(p.Policies):len(p.Policies)], p.HistoryPolicy)
}

// A groupID is what tells the groups of a cube apart.
type groupID struct {
	key  []string
	mask uint64
	past dataset.Action // what production did, NoAction where that is not known
	// chance is the probability with which production was to approve, noChance or badChance; meaningless where nobody asks.
	chance float64
}

func (id *groupID) text() string {
	return fmt.Sprintf("%q %x %d %v", id.key, id.mask, id.past, id.chance)
}

func (g *cubeGroup) records() (n int64) {
	for _, c := range g.cells {
		n += c.n
	}
	return n
}
