package replay

import (
	"context"
	"sync"

	"github.com/trustreplay/trustreplay/dataset"
)

// Build reads a scan, opened with plan.Fields(), to its end and returns the cube of its records. workers goroutines read;
// the cube does not depend on their number. rows, where not nil, is given every decision in input order.
func Build(ctx context.Context, plan *Plan, scan *dataset.Scan, workers int, rows *Decisions) (*Cube, error) {
	defer scan.Close()
	if (scan.Saved() == nil) != (plan.Saved == nil) {
		return nil, errSaved
	}
	if alike := plan.alike(); alike != nil && rows == nil {
		scan.Alike(alike)
	}
	scan.ReuseTexts()
	builders := make([]*Builder, max(1, workers))
	mature, times := make([]dataset.MatureCount, len(builders)), make([]dataset.LabelTimes, len(builders))
	err := drain(ctx, scan, len(builders), func(i int) func(*dataset.Batch) error {
		builders[i] = NewBuilder(plan)
		return func(b *dataset.Batch) error {
			plan.countTimes(b, &times[i])
			plan.mature(b, &mature[i])
			if err := builders[i].Add(b); err != nil || rows == nil {
				return err
			}
			return rows.add(b, builders[i].masks)
		}
	})
	if err != nil {
		return nil, err
	}
	if err := checkTotal(builders); err != nil {
		return nil, err
	}
	if rows != nil {
		if err := rows.flush(); err != nil {
			return nil, err
		}
	}
	account, err := scan.Account()
	if err != nil {
		return nil, err
	}
	cube, err := freeze(builders)
	if err != nil {
		return nil, err
	}
	cube.Account = account
	if plan.Saved != nil {
		return cube, plan.settleSaved(&cube.Account, scan.Saved())
	}
	plan.settleLabels(&cube.Account, mature, times)
	return cube, nil
}

// freeze returns the cube of what all builders have counted, and leaves none of them.
func freeze(builders []*Builder) (*Cube, error) {
	joinWide(builders)
	cubes, errs := make([]*Cube, len(builders)), make([]error, len(builders))
	var wg sync.WaitGroup
	for i, b := range builders {
		wg.Go(func() {
			cubes[i], errs[i] = b.Cube()
			builders[i] = nil // a large one is as large as its cube
		})
	}
	wg.Wait()
	if err := firstCause(errs); err != nil {
		return nil, err
	}
	return Merge(cubes...)
}

// checkTotal holds the amount of the whole history against its bound, which each builder has kept to.
func checkTotal(builders []*Builder) error {
	var total int64
	for _, b := range builders {
		if b.total > maxTotal-total {
			return errTotal
		}
		total += b.total
	}
	return nil
}

// joinWide adds the wide grids of all builders up in one of them: that is less work than to merge the lists of their cells. Where a builder
// has counted more than cells of its groups, each keeps its own, and Merge adds both.
func joinWide(builders []*Builder) {
	if p := builders[0].plan; p.Spread || p.Outcomes || p.single() {
		return
	}
	var into *wideGrid
	var others []*wideGrid
	for _, b := range builders {
		switch {
		case b.wide == nil:
		case into == nil:
			into = b.wide
		default:
			others = append(others, b.wide)
			b.wide = nil
		}
	}
	if len(others) > 0 {
		into.take(others)
	}
}
