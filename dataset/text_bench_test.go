package dataset

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkTextFile measures, on one core, what no reader of the JSON lines named in the variable HISTORY can save: to read the bytes as they
// are stored, to decompress them where they are compressed, and to find the ends of the lines.
func BenchmarkTextFile(b *testing.B) {
	for _, name := range strings.Split(os.Getenv("HISTORY"), ",") {
		if !strings.Contains(filepath.Base(name), ".jsonl") {
			continue
		}
		for _, step := range []string{"read", "decompress", "lines"} {
			b.Run(step+"/"+filepath.Base(name), func(b *testing.B) {
				for b.Loop() {
					readTextTo(b, name, step)
				}
			})
		}
	}
}

// readTextTo reads a file as far as a step goes.
func readTextTo(b *testing.B, name, step string) {
	f, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	content := io.Reader(f)
	if step != "read" {
		if content, _, err = decompress(bufio.NewReaderSize(f, sniffSize)); err != nil {
			b.Fatal(err)
		}
	}
	chunk := make([]byte, streamChunk)
	for lines := 0; err == nil; {
		var n int
		n, err = io.ReadFull(content, chunk)
		if step == "lines" {
			lines += bytes.Count(chunk[:n], []byte("\n"))
		}
	}
	if err != io.EOF && err != io.ErrUnexpectedEOF {
		b.Fatal(err)
	}
}
