package calibrate

import (
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A MonthStability is what a figure of stability shows of one month.
type MonthStability struct {
	Month string // "2026-03"
	// InBaseline says that the month is part of the baseline; its indices are then against the rest of it, so that no month is held
	// against itself.
	InBaseline bool
	// Counts are what the policy does, by action and label.
	Counts   replay.Counts
	Products []ProductStability // in the order of dataset.Products
}

// A ProductStability is what a month shows of one product.
type ProductStability struct {
	Product string
	// Index is that of the scores in the deciles of the whole baseline; its Most95 is the 95 % point of a month in which nothing
	// has changed, and its Adjusted is corrected for all months and products. Undefined where a side has no scores.
	Index Index
	// Records are all of the month; Statuses, indexed by dataset.Status, add up to them.
	Records  int64
	Statuses [dataset.NumStatuses]int64
}

// Stability returns the months of a cube, which must be Dated, one by one against the months that base says yes to. Records
// without a time are in none. The cube and the policy are those of NewDriftSide; nothing is read again.
func Stability(cube *replay.Cube, pol *replay.Policy, base func(month string) bool, confidence float64) ([]MonthStability, error) {
	all, err := NewDriftSide(cube, pol, func(month string) bool { return month != "" })
	if err != nil {
		return nil, err
	}
	counts := map[string]replay.Counts{}
	part := cube.Keep(func(key []string) bool { return cube.MonthOf(key) != "" })
	for _, g := range all.Result.Groups {
		month := part.MonthOf(g.Key)
		counts[month] = counts[month].Add(g.Counts)
	}
	var out []MonthStability
	for _, month := range all.Months {
		out = append(out, MonthStability{Month: month, InBaseline: base(month), Counts: counts[month]})
	}
	for _, p := range all.Traits.Products {
		productSeries(out, all.byMonth, base, p.Product)
	}
	var list []*Index
	for i := range out {
		for j := range out[i].Products {
			list = append(list, &out[i].Products[j].Index)
		}
	}
	adjustIndices(list, confidence)
	return out, nil
}

// productSeries adds one product to each month.
func productSeries(out []MonthStability, months []replay.MonthTraits, base func(month string) bool, product string) {
	whole := productOf(replay.SumTraits(months, base), product)
	bins := Deciles(whole.Scores)
	baseline := totals(bins.Count(whole.Scores))
	for i := range out {
		at := slices.IndexFunc(months, func(m replay.MonthTraits) bool { return m.Month == out[i].Month })
		if at < 0 {
			continue
		}
		p := productOf(months[at].Traits, product)
		now, before := totals(bins.Count(p.Scores)), slices.Clone(baseline)
		if out[i].InBaseline {
			for b := range before {
				before[b] -= now[b]
			}
		}
		s := ProductStability{Product: product, Records: months[at].Records, Statuses: p.Statuses, Index: PSI(before, now)}
		out[i].Products = append(out[i].Products, s)
	}
}
