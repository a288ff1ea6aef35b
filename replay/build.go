package replay

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/trustreplay/trustreplay/dataset"
)

// Build reads a scan, opened with plan.Fields(), to its end and returns the cube of its records. workers goroutines read;
// the cube does not depend on their number. rows, where not nil, is given every decision in input order.
func Build(ctx context.Context, plan *Plan, scan *dataset.Scan, workers int, rows *Decisions) (*Cube, error) {
	defer scan.Close()
	builders := make([]*Builder, max(1, workers))
	errs := make([]error, len(builders))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	for i := range builders {
		builders[i] = NewBuilder(plan)
		wg.Go(func() {
			errs[i] = builders[i].drain(ctx, scan, rows)
			if errs[i] != nil {
				cancel()
			}
		})
	}
	wg.Wait()
	if err := firstCause(errs); err != nil {
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
	cubes := make([]*Cube, len(builders))
	for i, b := range builders {
		if cubes[i], err = b.Cube(); err != nil {
			return nil, err
		}
	}
	cube, err := Merge(cubes...)
	if err != nil {
		return nil, err
	}
	cube.Account = account
	return cube, nil
}

// firstCause returns the first error that is not the mere echo of another worker's failure.
func firstCause(errs []error) error {
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil && !errors.Is(err, context.Canceled) }); i >= 0 {
		return errs[i]
	}
	return errors.Join(errs...)
}

// drain adds all batches that the scan still has to the builder.
func (b *Builder) drain(ctx context.Context, scan *dataset.Scan, rows *Decisions) error {
	var batch dataset.Batch
	for {
		err := scan.Next(ctx, &batch)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := b.Add(&batch); err != nil {
			return err
		}
		if rows != nil {
			if err := rows.add(&batch, b.masks); err != nil {
				return err
			}
		}
	}
}
