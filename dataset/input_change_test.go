package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/schema"
)

// TestFileChangedWhileRead: a file that grows, shrinks or is written anew while it is read is an error, whatever its format.
func TestFileChangedWhileRead(t *testing.T) {
	for name, content := range changing(t) {
		for what, change := range map[string]func(file string) error{
			"cut":       func(file string) error { return os.Truncate(file, int64(len(content)/2)) },
			"longer":    func(file string) error { return os.Truncate(file, int64(len(content)+100)) },
			"rewritten": func(file string) error { return os.Chtimes(file, time.Time{}, time.UnixMilli(1_700_000_000_000)) },
		} {
			file := write(t, name, content)
			s := hashing(t, file)
			if err := change(file); err != nil {
				t.Fatal(err)
			}
			var b Batch
			for s.Next(context.Background(), &b) == nil {
			}
			if _, err := s.Account(); err == nil || !strings.Contains(err.Error(), name+": ") {
				t.Errorf("%s %s: %v", name, what, err)
			} else if what == "rewritten" && !strings.Contains(err.Error(), "the file changed while it was read") {
				t.Errorf("%s %s: %v", name, what, err)
			}
		}
	}
}

// TestFileReplacedWhileRead: another file takes the name after the input was opened, as an export that runs every night does.
// Records and hash are those of the file that was opened.
func TestFileReplacedWhileRead(t *testing.T) {
	for name, content := range changing(t) {
		file := write(t, name, content)
		s := hashing(t, file)
		other := write(t, name, "no history at all, and longer than none")
		if err := os.Rename(other, file); err != nil {
			t.Fatal(err)
		}
		var b Batch
		for s.Next(context.Background(), &b) == nil {
		}
		a, err := s.Account()
		if sum := sha256.Sum256([]byte(content)); err != nil || a.Read != 2000 || a.Files[0].SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: %d records, %v, hash %s", name, a.Read, err, a.Files[0].SHA256)
		}
	}
}

// changing returns a history of 2,000 records in every format.
func changing(t *testing.T) map[string]string {
	text := strings.Repeat(`{"customer_id":"a","session":{"score":5}}`+"\n", 2000)
	csv := "customer_id,session_score\n" + strings.Repeat("a,5\n", 2000)
	typ := testTypes()[0]
	chunk, _ := typ.rows(rand.New(rand.NewPCG(1, 2)), 2000, required)
	node := leafNode(t, "session_score", required, parquet.Types.Int32, nil, -1)
	pq := writeParquet(t, schema.FieldList{node}, [][]testChunk{{chunk}}, parquet.WithCompression(compress.Codecs.Snappy))
	return map[string]string{"h.jsonl": text, "h.jsonl.gz": gzipped(t, text), "h.jsonl.zst": zstded(t, text), "h.csv": csv, "h.parquet": string(pq)}
}

// hashing opens a scan that hashes its input.
func hashing(t *testing.T, file string) *Scan {
	s, err := Open(context.Background(), []string{file}, nil, Options{Fields: []Field{{CustomerID, KindText}, sessionField}, Hash: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
