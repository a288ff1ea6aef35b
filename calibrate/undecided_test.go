package calibrate

import (
	"math"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

// TestUndecidedBounds tries every number of undecided records of each label that could be approved.
func TestUndecidedBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		few := rapid.Int64Range(0, 4)
		tally := func(name string) (out replay.Tally) {
			for l := range out.Records {
				out.Records[l] = few.Draw(t, name)
			}
			return out
		}
		var c replay.Counts
		c.Actions[dataset.Approve], c.Actions[dataset.Block], c.Actions[replay.Undecided] = tally("approve"), tally("block"), tally("undecided")
		want := [2][2]float64{{math.Inf(1), math.Inf(-1)}, {math.Inf(1), math.Inf(-1)}}
		u := c.Actions[replay.Undecided].Records
		for i := range (u[0] + 1) * (u[1] + 1) * (u[2] + 1) {
			in := [3]int64{i % (u[0] + 1), i / (u[0] + 1) % (u[1] + 1), i / (u[0] + 1) / (u[1] + 1)}
			d := c
			for l := range in {
				d.Actions[dataset.Approve].Records[l] += in[l]
				d.Actions[replay.Undecided].Records[l] -= in[l]
			}
			for j, name := range []string{"approval_rate", "fraud_rate"} {
				if m, _ := Find(Measures(&replay.Policy{}, d, 0.95), name); m.Value.Defined() {
					want[j][0], want[j][1] = min(want[j][0], float64(m.Value)), max(want[j][1], float64(m.Value))
				}
			}
		}
		approval, fraudRate := UndecidedBounds(c)
		for j, got := range [][2]Number{approval, fraudRate} {
			for k := range got {
				if got[k].Defined() != !math.IsInf(want[j][k], 0) || got[k].Defined() && float64(got[k]) != want[j][k] {
					t.Fatalf("bounds %v, want %v", got, want[j])
				}
			}
		}
	})
}
