package calibrate

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

// A testRecord is a record of a history that tests make up.
type testRecord struct {
	session, onboarding replay.Answer
	agent, vpn          bool // what the rules of spaceRules read
	label               dataset.Label
	amount, time        int64
	past                dataset.Action // what production did
	account             int            // whose it is, 0 for nobody's
	chance              float64        // with which it was to approve, NaN for none
	stepUp              string         // what came of production's step-up, "" where it did none
}

// cubeOf builds the cube of records, as a scan would.
func cubeOf(t testing.TB, q replay.Question, records []testRecord) *replay.Cube {
	t.Helper()
	plan, err := replay.NewPlan(q)
	if err != nil {
		t.Fatal(err)
	}
	builder := replay.NewBuilder(plan)
	for part := range slices.Chunk(records, dataset.BatchRows) {
		b := &dataset.Batch{N: len(part), Cols: make([]dataset.Column, len(plan.Fields()))}
		for i, f := range plan.Fields() {
			c := &b.Cols[i]
			for _, r := range part {
				answer, flag := r.session, r.agent
				if dataset.ProductOf(f.Name) == "onboarding" {
					answer, flag = r.onboarding, r.vpn
				}
				switch f.Kind {
				case dataset.KindState:
					c.State = append(c.State, answer.State)
				case dataset.KindCluster:
					c.U8 = append(c.U8, uint8(answer.Cluster))
				case dataset.KindLabel:
					c.U8 = append(c.U8, uint8(r.label))
				case dataset.KindBool:
					value := dataset.BoolFalse
					if flag {
						value = dataset.BoolTrue
					}
					c.U8 = append(c.U8, uint8(value))
				case dataset.KindAction:
					c.U8 = append(c.U8, uint8(r.past))
				case dataset.KindNumber:
					c.F64 = append(c.F64, r.chance)
				case dataset.KindAmount:
					c.I64 = append(c.I64, r.amount)
				case dataset.KindTime:
					c.I64 = append(c.I64, r.time)
				case dataset.KindText: // an outcome of a step-up, or the account
					if c.Dict == nil {
						c.Dict = []string{""}
					}
					text := ""
					switch {
					case f.Name == dataset.StepUpOutcome:
						text = r.stepUp
					case f.Name == "account_id" && r.account > 0:
						text = fmt.Sprint(r.account)
					}
					if text == "" {
						c.Idx = append(c.Idx, 0)
						continue
					}
					c.Idx, c.Dict = append(c.Idx, uint32(len(c.Dict))), append(c.Dict, text)
				default:
					t.Fatalf("no test value for %v", f)
				}
			}
		}
		if err := builder.Add(b); err != nil {
			t.Fatal(err)
		}
	}
	cube, err := builder.Cube()
	if err != nil {
		t.Fatal(err)
	}
	return cube
}

// drawTestAnswer draws an answer among scores near the ends and the usual edges, or none.
func drawTestAnswer(t *rapid.T) replay.Answer {
	if rapid.IntRange(0, 4).Draw(t, "without score") == 0 {
		return replay.Answer{State: dataset.State(rapid.IntRange(0, dataset.NumStatuses-1).Draw(t, "status"))}
	}
	scores := []int{0, 1, 225, 226, 450, 451, 550, 551, 775, 776, 999, 1000}
	score := rapid.OneOf(rapid.SampledFrom(scores), rapid.IntRange(0, 1000)).Draw(t, "score")
	return replay.Answer{State: dataset.Scored(score), Cluster: dataset.Cluster(rapid.IntRange(0, 5).Draw(t, "cluster"))}
}

func drawTestRecord(t *rapid.T) testRecord {
	return testRecord{drawTestAnswer(t), drawTestAnswer(t), rapid.IntRange(0, 3).Draw(t, "agent") == 0, rapid.IntRange(0, 3).Draw(t, "vpn") == 0,
		dataset.Label(rapid.IntRange(0, 2).Draw(t, "label")), rapid.Int64Range(0, 10_000).Draw(t, "amount"), 0, dataset.Action(rapid.IntRange(0, dataset.NumActions-1).Draw(t, "past")), 0, math.NaN(), ""}
}

func drawTestBands(t *rapid.T) replay.Bands {
	e := rapid.SliceOfNDistinct(rapid.IntRange(1, 1000), 4, 4, rapid.ID[int]).Draw(t, "edges")
	slices.Sort(e)
	return replay.Bands{Edges: [4]int(e)}
}

// drawTestPolicy draws a policy of one or both products with the rules given.
func drawTestPolicy(t *rapid.T, name string, two bool, rules []replay.Rule) *replay.Policy {
	p := &replay.Policy{Name: name, First: "session", FirstBands: drawTestBands(t), Rules: rules}
	if two {
		p.Second, p.SecondBands = "onboarding", drawTestBands(t)
	}
	for c := range p.Gate {
		p.Gate[c] = rapid.SampledFrom(dataset.Actions).Draw(t, "gate")
		if two && rapid.Bool().Draw(t, "next") {
			p.Gate[c] = replay.Next
			for d := range p.Matrix[c] {
				p.Matrix[c][d] = rapid.SampledFrom(dataset.Actions).Draw(t, "cell")
			}
		}
	}
	return p
}

func drawTestRules(t *rapid.T) []replay.Rule {
	var rules []replay.Rule
	for _, when := range []string{"session.has_ai_agent", "onboarding.ip.ip_is_vpn", "session.has_ai_agent && onboarding.ip.ip_is_vpn"} {
		if rapid.Bool().Draw(t, when) {
			rules = append(rules, replay.Rule{Name: when, When: mustCompile(t, when), Then: rapid.SampledFrom(dataset.Actions).Draw(t, "then")})
		}
	}
	return rules
}

func mustCompile(t interface{ Fatal(...any) }, source string) *replay.Condition {
	c, err := replay.CompileCondition(source)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSpaceIsRun checks the counts of a space against a replay of the policy over the cube.
func TestSpaceIsRun(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		two := rapid.IntRange(0, 3).Draw(rt, "products") > 0
		rules := drawTestRules(rt)
		if !two {
			rules = nil // the second product is not read then
		}
		base := drawTestPolicy(rt, "base", two, rules)
		if rapid.Bool().Draw(rt, "recorded") {
			base.FirstBands = replay.Recorded
		}
		records := rapid.SliceOfN(rapid.Custom(drawTestRecord), 0, 60).Draw(rt, "records")
		cube := cubeOf(t, replay.Question{Policies: []*replay.Policy{base}, Exact: true}, records)
		space, err := NewSpace(cube, base)
		if err != nil {
			rt.Fatal(err)
		}
		p := drawTestPolicy(rt, "p", two, rules)
		got, err := space.Counts(p)
		if err != nil {
			rt.Fatal(err)
		}
		want, err := cube.Run(p)
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(want.Counts, got); diff != "" {
			rt.Fatalf("(-run +space):\n%s", diff)
		}
	})
}
