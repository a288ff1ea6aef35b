package replay

import (
	"context"
	"io"
	"os"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
)

// BenchmarkSave makes a saved cube of the file that HISTORY names, for two policies, for every score, and for all built-in policies.
func BenchmarkSave(b *testing.B) {
	file := os.Getenv("HISTORY")
	if file == "" {
		b.Skip("HISTORY names no file")
	}
	for _, q := range []struct {
		name     string
		policies []string
		exact    bool
	}{
		{"policies", []string{"table-combined", "table-waterfall"}, false},
		{"exact", []string{"table-combined", "table-waterfall"}, true},
		{"builtin", BuiltinNames(), true},
	} {
		b.Run(q.name, func(b *testing.B) {
			var policies []*Policy
			for _, name := range q.policies {
				p, _ := Builtin(name)
				policies = append(policies, p)
			}
			plan, err := NewSavePlan(Question{Policies: policies, Exact: q.exact})
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
