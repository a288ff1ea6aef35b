package reports

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// mostRunnersUp is how many certified policies are marked beside the recommended one.
const mostRunnersUp = 2

// FrontierPicture draws the frontier of a calibration: what any monotone shape reaches on all records, and the policies that
// were tested with their band, the champion, the recommendation and the runners-up in the window that they were tested on.
func FrontierPicture(c *calibrate.Calibration, e Evidence) Picture {
	s := advice{Calibration: c, beside: e}
	last := c.Windows[len(c.Windows)-1]
	what := "tested" // what failed was not certified
	if _, found := c.Recommendation(); found {
		what = "certified"
	}
	p := Picture{Title: s.title(), Subtitle: fmt.Sprintf("%s records, %s on those of %s", thousands(e.All.Total().N()), what, last),
		X: Axis{Label: "Approval rate", Percent: true}, Y: Axis{Label: "Fraud rate among approved", Percent: true},
		Band: confidenceText(1-c.Goals.Delta) + " band, all at once", Limits: s.pictureLimits(),
		Empty: "No policy was tested: nothing can be drawn."}
	tested, highest := s.testedCurve()
	if u := e.Unrestricted; u != nil && len(u.Vertices) > 0 && len(tested.Points) > 0 {
		p.Curves = append(p.Curves, shapesCurve(u, e.All.Total().N()))
	}
	if len(tested.Points) == 0 {
		return p
	}
	p.Curves = append(p.Curves, tested)
	for _, l := range p.Limits {
		highest = max(highest, 1.5*l.At)
	}
	p.Y.To = 1.3 * highest
	p.Marks = s.pictureMarks()
	p.Notes = []string{fmt.Sprintf("Policies tested, and marks: what they do with the records of %s, which no search has seen. The band is theirs. Any shape: the best on all records, chosen on these, and no promise.", last)}
	if slices.ContainsFunc(c.Candidates[:c.Tested], func(at calibrate.Candidate) bool { return undecidedOf(at.Counts[len(at.Counts)-1]) > 0 }) {
		p.Notes = append(p.Notes, "Undecided records are taken as they hurt most: the fewest approvals and the highest fraud rate that they leave open.")
	}
	return p
}

// pictureLimits are the limits on the fraud rate.
func (s advice) pictureLimits() []Limit {
	var out []Limit
	for _, l := range s.Goals.Limits {
		if l.Measure == "fraud_rate" && !l.AtLeast {
			out = append(out, Limit{Name: "limit " + percent(calibrate.Number(l.Bound.Float())), At: l.Bound.Float()})
		}
	}
	return out
}

// testedCurve joins the policies that were tested, by approval rate, and returns the highest fraud rate of a certified one.
func (s advice) testedCurve() (curve Curve, highest float64) {
	curve = Curve{Name: "policies tested"}
	type tested struct {
		Point
		ratio calibrate.Ratio
	}
	var list []tested
	for _, candidate := range s.Candidates[:s.Tested] {
		at, ratio, ok := s.harshest(candidate.Policy, candidate.Counts[len(candidate.Counts)-1])
		if !ok {
			continue
		}
		list = append(list, tested{at, ratio})
		if candidate.Passed {
			highest = max(highest, at.Y)
		}
	}
	slices.SortStableFunc(list, func(a, b tested) int { return cmp.Compare(a.X, b.X) })
	var ratios []calibrate.Ratio
	for _, t := range list {
		curve.Points, ratios = append(curve.Points, t.Point), append(ratios, t.ratio)
	}
	if len(ratios) > 0 {
		curve.Band = calibrate.SimultaneousBand(ratios, 1-s.Goals.Delta)
	}
	return curve, highest
}

// shapesCurve is the frontier of any shape over n records, each vertex with what happens to the records that it does not decide.
func shapesCurve(u *calibrate.Unrestricted, n int64) Curve {
	curve := Curve{Name: "any shape (apparent)"}
	for _, v := range u.Vertices {
		a := v.Approved.Add(u.Rest.Approved())
		if a.Labeled() > 0 {
			curve.Points = append(curve.Points, Point{float64(a.N()) / float64(n), float64(a.Records[dataset.Fraud]) / float64(a.Labeled())})
		}
	}
	return curve
}

// pictureMarks are the recommendation, the champion and the certified policies that come next.
func (s advice) pictureMarks() []Mark {
	var out []Mark
	last := len(s.Windows) - 1
	mark := func(name string, kind MarkKind, counts int) {
		c, policy := s.Current[last], s.Champion
		if counts >= 0 {
			c, policy = s.Candidates[counts].Counts[last], s.Candidates[counts].Policy
		}
		at, _, ok := s.harshest(policy, c)
		if ok && !slices.ContainsFunc(out, func(m Mark) bool { return m.Point == at }) {
			words := [2]string{" approved, ", " fraud"}
			if undecidedOf(c) > 0 {
				words = [2]string{" approved at least, up to ", " fraud"}
			}
			out = append(out, Mark{Name: name, Detail: percent(calibrate.Number(at.X)) + words[0] + shareText(calibrate.Number(at.Y)) + words[1], Point: at, Kind: kind})
		}
	}
	if s.Recommended >= 0 {
		mark("recommended", RecommendedMark, s.Recommended)
	}
	mark("champion "+s.Champion.Name, ChampionMark, -1)
	shown := 0
	for i := s.Tested - 1; i >= 0 && shown < mostRunnersUp; i-- {
		if i != s.Recommended && s.Candidates[i].Passed {
			mark(fmt.Sprintf("step %d, %s", i+1, s.Candidates[i].Family), RunnerUpMark, i)
			shown++
		}
	}
	return out
}

// harshest returns the approval rate and the fraud rate of a policy in the last window, undecided records taken as they hurt, or
// false where there is none.
func (s advice) harshest(p *replay.Policy, c replay.Counts) (at Point, rate calibrate.Ratio, ok bool) {
	open, err := s.Open(len(s.Windows)-1, p, c)
	if err != nil {
		panic("reports: " + err.Error()) // the calibration counted this policy on these records before
	}
	n, rate := calibrate.Harshest(p, c, open)
	if rate.N == 0 {
		return Point{}, rate, false
	}
	return Point{float64(n) / float64(c.Total().N()), float64(rate.K) / float64(rate.N)}, rate, true
}
