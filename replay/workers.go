package replay

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/trustreplay/trustreplay/dataset"
)

// drain reads a scan to its end with several goroutines, at least one: each gives its batches to a function of its own,
// add(i). The first that fails ends the others; all are gone when drain returns.
func drain(ctx context.Context, scan *dataset.Scan, workers int, add func(worker int) func(*dataset.Batch) error) error {
	errs := make([]error, workers)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	for i := range errs {
		take := add(i)
		wg.Go(func() {
			var b dataset.Batch
			for errs[i] == nil {
				if errs[i] = scan.Next(ctx, &b); errs[i] == nil {
					errs[i] = take(&b)
				}
			}
			if errs[i] == io.EOF {
				errs[i] = nil
				return
			}
			cancel()
		})
	}
	wg.Wait()
	return firstCause(errs)
}

// firstCause returns the first error that is not the mere echo of another worker's failure.
func firstCause(errs []error) error {
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil && !errors.Is(err, context.Canceled) }); i >= 0 {
		return errs[i]
	}
	return errors.Join(errs...)
}
