package replay

import (
	"math"

	"github.com/trustreplay/trustreplay/dataset"
)

// present reports whether a record has a value for a field. A status is never missing: see value. Other kinds than those
// that conditions read are never present.
func present(kind dataset.Kind, c *dataset.Column, r int) bool {
	switch kind {
	case dataset.KindBool:
		return c.U8[r] != dataset.BoolAbsent
	case dataset.KindCluster:
		return c.U8[r] != uint8(dataset.NoCluster) && c.U8[r] < dataset.NumClusters
	case sideStatus:
		return true
	case sideScore:
		_, found := c.State[r].Score()
		return found
	case dataset.KindNumber:
		return !math.IsNaN(c.F64[r])
	case dataset.KindAmount:
		return c.I64[r] != dataset.NoAmount
	case dataset.KindText, dataset.KindCodes:
		return int(c.Idx[r]) < len(c.Dict) && c.Dict[c.Idx[r]] != ""
	}
	return false
}

// value returns a field of a record as the interpreter sees it; found is false where it is missing.
func value(kind dataset.Kind, c *dataset.Column, r int) (x any, found bool) {
	if !present(kind, c, r) {
		return nil, false
	}
	switch kind {
	case dataset.KindBool:
		return c.U8[r] == dataset.BoolTrue, true
	case dataset.KindCluster:
		return dataset.Cluster(c.U8[r]).String(), true
	case sideStatus:
		s := c.State[r].Status()
		// A rule is asked about the first product, or about the second once it was called: an absent answer is a missing one.
		if s == dataset.Absent {
			s = dataset.Missing
		}
		return s.String(), true
	case sideScore:
		score, _ := c.State[r].Score()
		return float64(score), true
	case dataset.KindNumber:
		return c.F64[r], true
	case dataset.KindAmount:
		return major(c.I64[r]), true
	case dataset.KindCodes:
		return splitCodes(c.Dict[c.Idx[r]]), true
	}
	return c.Dict[c.Idx[r]], true
}

// major returns an amount in major units, NaN where there is none. The quotient is correctly rounded, so 29 minor units
// are the number that a condition writes as 0.29.
func major(minor int64) float64 {
	if minor == dataset.NoAmount {
		return math.NaN()
	}
	return float64(minor) / 100
}

// raw returns bits that identify the value of a field within one dictionary.
func raw(kind dataset.Kind, c *dataset.Column, r int) uint64 {
	switch kind {
	case dataset.KindNumber:
		return math.Float64bits(c.F64[r])
	case dataset.KindAmount:
		return uint64(c.I64[r])
	case dataset.KindText, dataset.KindCodes:
		return uint64(c.Idx[r])
	case sideScore, sideStatus:
		return uint64(c.State[r])
	}
	return uint64(c.U8[r])
}
