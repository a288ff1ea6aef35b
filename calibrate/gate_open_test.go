package calibrate

import (
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

// TestGateKnowsTheRows: what a gate takes undecided records for is no milder than the ranges of measures, and the same where
// one row alone leaves records undecided. A limit that straddles is within the range.
func TestGateKnowsTheRows(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawTestPolicy(rt, "p", true, nil)
		records := rapid.SliceOfN(rapid.Custom(drawTestRecord), 1, 40).Draw(rt, "records")
		cube := cubeOf(t, replay.Question{Policies: []*replay.Policy{p}, Exact: true}, records)
		r, err := cube.Run(p)
		if err != nil {
			rt.Fatal(err)
		}
		c, err := cube.Compare(p, p)
		if err != nil {
			rt.Fatal(err)
		}
		text := rapid.SampledFrom([]string{"approval_rate", "fraud_rate", "fraud_capture", "insult_rate", "review_rate"}).Draw(rt, "measure")
		atLeast := rapid.Bool().Draw(rt, "at least")
		limit := "measure: " + text + ", at_most: 30%"
		if atLeast {
			limit = "measure: " + text + ", at_least: 30%"
		}
		v := Judge(accept(t, limit), c, nil, nil, 0.95).Verdicts[0]
		m, _ := Find(Setting{Confidence: 0.95, Open: &r.Open}.Measures(p, r.Counts), text)
		least, most := m.Least, m.Most
		if !least.Defined() {
			least, most = m.Value, m.Value
		}
		worst := most
		if atLeast {
			worst = least
		}
		got := v.Challenger.Value
		if !got.Defined() || !worst.Defined() {
			return // nothing is divided by one way to decide
		}
		const slack = 1e-12
		if atLeast && got > worst+slack || !atLeast && got < worst-slack {
			rt.Fatalf("%s: the gate takes %v, the range is %v to %v", limit, got, least, most)
		}
		rows := 0
		for row, step := range p.Gate {
			if may := p.Possible(dataset.Cluster(row)); step == replay.Next && may&(may-1) != 0 {
				rows++
			}
		}
		if rows <= 1 && (got > worst+slack || got < worst-slack) {
			rt.Fatalf("%s: the gate takes %v, the range is %v to %v, and there is one row", limit, got, least, most)
		}
		if v.Straddles && rows <= 1 && !(least <= 0.3+slack && most >= 0.3-slack) {
			rt.Fatalf("%s straddles, and the range is %v to %v", limit, least, most)
		}
	})
}
