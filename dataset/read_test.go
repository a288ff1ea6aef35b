package dataset

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// allFields has a field of every kind.
var allFields = []Field{{"session", KindState}, {"onboarding", KindState}, {"session.score_cluster", KindCluster},
	{LabelField, KindLabel}, {ActionField, KindAction}, {Timestamp, KindTime}, {Amount, KindAmount},
	{"session.has_ai_agent", KindBool}, {"mouse", KindNumber}, {CustomerID, KindText},
	{"onboarding.reason_codes", KindCodes}, {"session.status", KindStatus}, {"onboarding.phone", KindState},
	{"onboarding.phone.score_cluster", KindCluster}}

// cell prints one value of a batch.
func cell(f Field, c *Column, i int) string {
	switch f.Kind {
	case KindState:
		if s, found := c.State[i].Score(); found {
			return fmt.Sprint(s)
		}
		if c.State[i] == NoScore {
			return "no score"
		}
		return c.State[i].Status().String()
	case KindCluster:
		return Cluster(c.U8[i]).String()
	case KindLabel:
		return Label(c.U8[i]).String()
	case KindAction:
		return Action(c.U8[i]).String()
	case KindStatus:
		return Status(c.U8[i]).String()
	case KindBool:
		return [...]string{"", "false", "true"}[c.U8[i]]
	case KindTime, KindAmount:
		if c.I64[i] == math.MinInt64 {
			return ""
		}
		return fmt.Sprint(c.I64[i])
	case KindNumber:
		return fmt.Sprint(c.F64[i])
	}
	return c.Dict[c.Idx[i]]
}

// row prints the fields of one record, "name=value" for each; a rejected record is "rejected".
func row(fields []Field, b *Batch, i int) string {
	if b.Rejected(i) {
		return "rejected"
	}
	var out []string
	for k, f := range fields {
		out = append(out, f.Name+"="+cell(f, &b.Cols[k], i))
	}
	return strings.Join(out, " ")
}

// A readConfig says how readAll reads.
type readConfig struct {
	workers, chunk, maxLine int
	opt                     Options
}

// readAll returns the records of the inputs in input order.
func readAll(t testing.TB, names []string, stdin io.Reader, cfg readConfig) ([]string, Account, error) {
	t.Helper()
	ctx := context.Background()
	s, err := Open(ctx, names, stdin, cfg.opt)
	if err != nil {
		return nil, Account{}, err
	}
	defer s.Close()
	for _, src := range s.sources {
		if src, isText := src.(*textSource); isText {
			if cfg.chunk > 0 {
				src.chunk = cfg.chunk
			}
			if cfg.maxLine > 0 {
				src.maxLine = cfg.maxLine
			}
		}
	}
	type part struct {
		unit int
		row  int64
		rows []string
	}
	var mu sync.Mutex
	var parts []part
	var wg sync.WaitGroup
	for range max(1, cfg.workers) {
		wg.Go(func() {
			var b Batch
			for {
				err := s.Next(ctx, &b)
				if err == io.EOF {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				p := part{unit: b.Unit, row: b.Row}
				for i := range b.N {
					p.rows = append(p.rows, row(cfg.opt.Fields, &b, i))
				}
				mu.Lock()
				parts = append(parts, p)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.SortFunc(parts, func(a, b part) int {
		if a.unit != b.unit {
			return a.unit - b.unit
		}
		return int(a.row - b.row)
	})
	var rows []string
	for _, p := range parts {
		rows = append(rows, p.rows...)
	}
	a, err := s.Account()
	if err == nil {
		rejected := int64(0)
		for _, r := range rows {
			if r == "rejected" {
				rejected++
			}
		}
		if a.Read != int64(len(rows)) || a.Rejected != rejected {
			t.Errorf("account says read %d, rejected %d; there were %d and %d", a.Read, a.Rejected, len(rows), rejected)
		}
	}
	return rows, a, err
}

// write writes a file into a temporary folder and returns its name.
func write(t testing.TB, name, content string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// issues prints an account's issues, one a line, without folders.
func issues(a Account) string {
	var out strings.Builder
	for _, c := range a.Issues {
		fmt.Fprintf(&out, "%s %d\n", c.Kind, c.Count)
		for _, i := range c.First {
			i.File = filepath.Base(i.File)
			fmt.Fprintf(&out, "  %s\n", i.Error())
		}
	}
	return out.String()
}

// readText reads JSON lines or CSV given as text.
func readText(t testing.TB, text string, fields ...Field) ([]string, Account, error) {
	t.Helper()
	return readAll(t, []string{"-"}, bytes.NewReader([]byte(text)), readConfig{opt: Options{Fields: fields}})
}
