package calibrate

import (
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// costs returns what a record costs, and what the policy saves on one against approving and against blocking all of them;
// nothing without economics. A sum that is not exact is undefined, 0/0: CheckCost says so before.
func (s Setting) costs(p *replay.Policy, c replay.Counts) []Measure {
	if s.Economics == nil {
		return nil
	}
	n, exact := c.Total().N(), CheckCost(s.Economics, p, c) == nil
	measure := func(name string, f Form) Measure {
		if !exact {
			return plain(name, PerRecord, 0, 0)
		}
		m := plain(name, PerRecord, f.Of(c), n)
		if n > 0 {
			m.Value = Number(float64(m.Numerator) / (float64(n) * float64(replay.MoneyPerMajor)))
		}
		return m
	}
	return []Measure{
		measure("cost_per_record", CostForm(s.Economics, p)),
		measure("savings_approve_all", SavingsForm(s.Economics, p, dataset.Approve)),
		measure("savings_block_all", SavingsForm(s.Economics, p, dataset.Block)),
	}
}
