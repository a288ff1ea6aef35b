package calibrate

import (
	"math"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// PairedDesigns say how many times as large the variances of two differences are because records belong to entities, at least
// 1 each: entities cannot make a history say more than its records. The zero value is of independent records.
type PairedDesigns struct{ Approval, FraudRate float64 }

// PairedDesignsOf returns those of a comparison, of all its records; the zero value where nobody asked by entity.
func PairedDesignsOf(d *replay.PairDependence, s *replay.Swap) PairedDesigns {
	if d == nil {
		return PairedDesigns{}
	}
	c := pairedCounts(s)
	effect := func(weight func(a, b bool, l dataset.Label) float64) float64 {
		entities, records := d.Variances(weight)
		if !(records > 0) {
			return 1
		}
		return max(1, entities/records)
	}
	in, out := c.Swapped()
	mean := float64(in-out) / float64(max(c.n(), 1))
	psi := newInfluence(c)
	return PairedDesigns{
		Approval: effect(func(a, b bool, _ dataset.Label) float64 { return asFloat(b) - asFloat(a) - mean }),
		FraudRate: effect(func(a, b bool, l dataset.Label) float64 {
			if l == dataset.Unlabeled || !a && !b {
				return 0
			}
			return psi.of(int(asFloat(a)), int(asFloat(b)), l)
		}),
	}
}

func asFloat(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// pairedCounts returns the approvals of a swap table.
func pairedCounts(s *replay.Swap) PairedCounts {
	p := s.Approvals()
	return PairedCounts{{p.Neither.Records, p.OnlyChallenger.Records}, {p.OnlyChampion.Records, p.Both.Records}}
}

// Paired returns the differences of approval_rate and of fraud_rate, the challenger's less the champion's.
func Paired(s *replay.Swap, designs PairedDesigns, confidence float64) (approval, fraudRate Difference) {
	c := pairedCounts(s)
	return c.ApprovalDifference(confidence).inflated(designs.Approval, confidence), c.FraudRateDifference(confidence).inflated(designs.FraudRate, confidence)
}

// Methods of a difference whose records belong to entities.
const MethodByEntity = "influence_by_entity" // normal, on influences that are added up within each entity

// inflated returns the difference with a variance that is so many times as large. p is normal then, and never below what it was.
func (d Difference) inflated(design, confidence float64) Difference {
	if !(design > 1) || !(d.SE > 0) {
		return d
	}
	before := d.P
	d = d.complete(float64(d.SE)*math.Sqrt(design), confidence, false)
	d.P, d.Method = max(d.P, before), MethodByEntity
	return d
}
