package replay

import (
	"context"
	"io"
	"os"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
)

// BenchmarkSave makes a saved cube of the file that HISTORY names, for two policies and for every score.
func BenchmarkSave(b *testing.B) {
	file := os.Getenv("HISTORY")
	if file == "" {
		b.Skip("HISTORY names no file")
	}
	for _, exact := range []bool{false, true} {
		b.Run(map[bool]string{false: "policies", true: "exact"}[exact], func(b *testing.B) {
			one, _ := Builtin("table-combined")
			two, _ := Builtin("table-waterfall")
			plan, err := NewSavePlan(Question{Policies: []*Policy{one, two}, Exact: exact})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				scan, err := dataset.Open(context.Background(), []string{file}, nil, dataset.Options{Fields: plan.Fields()})
				if err != nil {
					b.Fatal(err)
				}
				counted, err := Count(context.Background(), plan, scan, 2)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := counted.Write(context.Background(), io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
