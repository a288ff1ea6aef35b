package calibrate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// Goals say what a calibration is to reach, and among which policies.
type Goals struct {
	// Objective is what the recommended policy has the most of; see Objectives.
	Objective Objective
	// Limits hold measures down or up. At least one of them is a share of records, which a certificate can promise.
	Limits []replay.Limit
	// Delta is the probability, at most, that a certificate is wrong: MinDelta to 0.5, both included; 0 means DefaultDelta.
	Delta float64
	// Families are the shapes of policies to try, nil for all that suit the champion.
	Families []Family
	// Otherwise is the action of a record that is no longer approved where the champion approves it; the zero value means the
	// mildest friction that the champion uses.
	Otherwise dataset.Action
	// AnyMatrix lets a better cluster be treated more harshly than a worse one.
	AnyMatrix bool
	// Ranges bound the cutoffs that searches may choose, by product; both ends included, a zero Range for all scores.
	Ranges [2]Range
	// Bands cut the scores of a product whose champion uses recorded clusters; recorded for those that fit its clusters.
	Bands [2]replay.Bands
	// Until is the first month that is left out, such as "2026-03", because its labels are not complete; "" leaves out none.
	Until string
	// CertifyFrom is the first month to certify on, "" for the newest half of the labeled records. It is for histories of which
	// the months before were certified on already, and can only propose and rank.
	CertifyFrom string
	// Entity names the field that tells whose record it is, "" for records that are independent. An entity is then in one window
	// only, the newest that it has a record in, and what is tested is the number of independent records that the window is worth.
	Entity string
	// Cap is the largest amount that a record of this population can have, in minor units, declared before the data were seen; 0
	// declares none. With it, limits from above on fraud_rate_value and fraud_bps are certified, by betting (Bets).
	Cap int64
	// Economics price what policies do. It may be nil unless the objective or a limit is about money. Where they have treatments,
	// the objectives cost, profit and final_approval_rate take them as they most likely are, and limits on final rates at the end
	// that hurts.
	Economics *replay.Economics
}

// MaxLimits is how many limits a calibration may have: searches go through all of them for every policy, and a certificate from
// elsewhere must not keep verify busy for hours.
const MaxLimits = 20

// An Objective names what is to be as large as possible, or for Cost as small.
type Objective string

const (
	MostApprovals     Objective = "approval_rate"
	MostGoodApprovals Objective = "good_approval_rate"
	MostCapture       Objective = "fraud_capture"
	MostProfit        Objective = "profit"
	LeastCost         Objective = "cost"
	// MostFinalApprovals counts labeled records that come through in the end, a part of those stepped up and reviewed among them.
	MostFinalApprovals Objective = finalApprovalRate
)

// Objectives lists them.
var Objectives = []Objective{MostApprovals, MostGoodApprovals, MostCapture, MostProfit, LeastCost, MostFinalApprovals}

// A Family is a shape of policies that a search goes through.
type Family string

const (
	// Cutoffs approve from a score of each product up, of one product or of both: exhaustive.
	Cutoffs Family = "cutoffs"
	// Staircases approve above a falling line of up to four corners: exact for each price of the limits.
	Staircases Family = "staircase"
	// Matrices are the monotone matrices over the champion's bands: exhaustive.
	Matrices Family = "matrix"
	// Edges move the champion's band edges one at a time until nothing improves: not exhaustive.
	Edges Family = "edges"
	// Waterfalls call the second product between two cutoffs of the first: exact for each price of the limits.
	Waterfalls Family = "waterfall"
	// Neighbours are the champion and what is one notch from it.
	Neighbours Family = "neighbours"
)

// Families lists them, in the order in which ties between their policies are resolved.
var Families = []Family{Neighbours, Cutoffs, Waterfalls, Matrices, Edges, Staircases}

// complete returns the goals with the default in the place of a Delta of 0, and reports every mistake of them.
func (g Goals) complete() (Goals, error) {
	if g.Delta == 0 {
		g.Delta = DefaultDelta
	}
	return g, g.check()
}

// check reports every mistake of the goals.
func (g Goals) check() error {
	var errs []string
	add := func(format string, args ...any) { errs = append(errs, fmt.Sprintf(format, args...)) }
	if !slices.Contains(Objectives, g.Objective) {
		add("objective %q: want %s", g.Objective, joined(Objectives))
	}
	if (g.Objective == MostProfit || g.Objective == LeastCost) && g.Economics == nil {
		add("objective %s needs prices: want an economics file", g.Objective)
	}
	if g.Objective == MostFinalApprovals && !g.treated() {
		add("%v", lacksTreatments("objective "+finalApprovalRate))
	}
	if !(g.Delta >= MinDelta && g.Delta <= 0.5) {
		add("delta %v: want 0.000001 to 0.5, such as 0.05", g.Delta)
	}
	if err := g.checkCap(); err != nil {
		add("%v", err)
	}
	if len(g.Limits) > MaxLimits {
		add("%d limits: want %d at most", len(g.Limits), MaxLimits)
	}
	for _, f := range g.Families {
		if !slices.Contains(Families, f) {
			add("family %q: want %s", f, joined(Families))
		}
	}
	if g.Otherwise == dataset.Approve || g.Otherwise == dataset.Monitor || g.Otherwise >= dataset.NumActions {
		add("records that are no longer approved cannot be approved: want step_up, review or block")
	}
	for i, r := range g.Ranges {
		if r.Low < 0 || r.High > dataset.MaxScore || r.Low > r.High {
			add("cutoffs %d..%d of the %s product: want a range within 0..%d", r.Low, r.High, [...]string{"first", "second"}[i], dataset.MaxScore)
		}
	}
	if errs != nil {
		return fmt.Errorf("%s", strings.Join(errs, "\n"))
	}
	return nil
}

func joined[T ~string](list []T) string {
	var words []string
	for _, w := range list {
		words = append(words, string(w))
	}
	return strings.Join(words, ", ")
}
