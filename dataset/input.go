package dataset

import (
	"context"
	"fmt"
	"io"
)

// An input is one file to read, or a stream.
type input struct {
	name   string // as the user named it; "stdin" for -
	size   int64  // bytes, -1 for a stream
	stream io.Reader
}

func resolve(names []string, stdin io.Reader) ([]input, error) { return nil, fmt.Errorf("todo") }

func openSource(ctx context.Context, in *input, s *Scan) (source, error) { return nil, fmt.Errorf("todo") }
