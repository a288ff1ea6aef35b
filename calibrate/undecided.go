package calibrate

import (
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// UndecidedBounds return the least and the greatest approval rate, and fraud rate among approved, that a policy can have
// whatever it would have done with its undecided records. The labels of these are known where they have one, so the bounds
// are of decisions alone: nothing is assumed about the answers that the history lacks, and no bound can be closer. The least
// fraud rate approves every undecided legit record and no fraud, the greatest the reverse. Both of a pair are equal where
// nothing is undecided, and undefined where no labeled record could be approved.
func UndecidedBounds(c replay.Counts) (approval, fraudRate [2]Number) {
	a, u := c.Approved(), c.Actions[replay.Undecided]
	n := c.Total().N()
	approval = [2]Number{divide(a.N(), n), divide(a.N()+u.N(), n)}
	frauds, labeled := a.Records[dataset.Fraud], a.Labeled()
	fraudRate = [2]Number{divide(frauds, labeled+u.Records[dataset.Legit]), divide(frauds+u.Records[dataset.Fraud], labeled+u.Records[dataset.Fraud])}
	for i := range fraudRate {
		if !fraudRate[i].Defined() { // only the records of one label could be approved, so the rate is that of the other bound
			fraudRate[i] = fraudRate[1-i]
		}
	}
	return approval, fraudRate
}
