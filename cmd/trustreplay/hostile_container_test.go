package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func gzipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	z.Close()
	return b.String()
}

func zstded(text string) string {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return string(z.EncodeAll([]byte(text), nil))
}

// smallHistory has n records that differ.
func smallHistory(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"customer_id":"c%d","timestamp":"2026-01-%02dT00:00:00Z","amount":%d.5,"label":"%s","session":{"score":%d,"score_cluster":"high"}}`+"\n",
			i, i%28+1, i, []string{"ok", "ko"}[i%2], i*37%1001)
	}
	return b.String()
}

// smallParquet returns that history as convert writes it, with more flags where given.
func smallParquet(t *testing.T, n int, flags ...string) string {
	dir := t.TempDir()
	lines, out := filepath.Join(dir, "h.jsonl"), filepath.Join(dir, "h.parquet")
	if err := os.WriteFile(lines, []byte(smallHistory(n)), 0o666); err != nil {
		t.Fatal(err)
	}
	tool(t, append([]string{"convert", lines, "--out", out}, flags...)...)
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// hostileContainers are compressed and Parquet files that are not what they seem.
func hostileContainers(t *testing.T) []hostile {
	text := smallHistory(40)
	gz, zst, pq := gzipped(text), zstded(text), smallParquet(t, 40)
	flip := func(s string, back int) string {
		i := len(s) - back
		return s[:i] + string(rune(s[i]&0x7f^1)) + s[i+1:]
	}
	skippable := "\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
	return []hostile{
		{name: "whole.jsonl.gz", data: gz, want: accepted(40)},
		{name: "two-members.jsonl.gz", data: gzipped(text[:1000]) + gzipped(text[1000:]), want: accepted(40)},
		{name: "empty-member.jsonl.gz", data: gzipped("") + gz, want: accepted(40)},
		{name: "empty-content.jsonl.gz", data: gzipped(""), want: accepted(0)},
		{name: "cut.jsonl.gz", data: gz[:len(gz)/2], want: refused("gzip: the file is cut off")},
		{name: "cut-trailer.jsonl.gz", data: gz[:len(gz)-3], want: refused("gzip: the file is cut off")},
		{name: "crc-flipped.jsonl.gz", data: flip(gz, 7), want: refused("gzip: its checksum is wrong")},
		{name: "garbage-tail.jsonl.gz", data: gz + "garbage", want: refused("gzip: ")},
		{name: "zero-tail.jsonl.gz", data: gz + strings.Repeat("\x00", 512), want: refused("gzip: ")},
		{name: "gzip-head-alone.jsonl.gz", data: gz[:8], want: refused("gzip: ")},
		{name: "gzip-twice.jsonl.gz", data: gzipped(gz), want: refused("compressed twice")},
		{name: "whole.jsonl.zst", data: zst, want: accepted(40)},
		{name: "two-frames.jsonl.zst", data: zstded(text[:1000]) + zstded(text[1000:]), want: accepted(40)},
		{name: "skippable-frame.jsonl.zst", data: skippable + zst + skippable, want: accepted(40)},
		{name: "cut.jsonl.zst", data: zst[:len(zst)/2], want: refused("zstd: ")},
		{name: "crc-flipped.jsonl.zst", data: flip(zst, 2), want: refused("zstd: ")},
		{name: "garbage-tail.jsonl.zst", data: zst + "garbage", want: refused("zstd: ")},
		{name: "zstd-in-gzip.jsonl.gz", data: gzipped(zst), want: refused("compressed twice")},
		{name: "zip.jsonl", data: "PK\x03\x04" + text, want: refused("not Parquet, JSON lines or CSV")},
		{name: "xz.jsonl.xz", data: "\xfd7zXZ\x00" + text, want: refused("not Parquet, JSON lines or CSV")},
		{name: "named-parquet.parquet", data: text, want: accepted(40)},
		{name: "named-gzip.jsonl.gz", data: text, want: accepted(40)},
		{name: "parquet-named-jsonl.jsonl", data: pq, want: accepted(40)},
		{name: "parquet-in-gzip.parquet.gz", data: gzipped(pq), want: refused("a Parquet file inside gzip")},
		{name: "parquet-head-alone.parquet", data: "PAR1", want: refused("no Parquet file")},
		{name: "parquet-cut.parquet", data: pq[:len(pq)/2], want: refused("does not end in PAR1")},
		{name: "parquet-garbage-tail.parquet", data: pq + "garbage", want: refused("does not end in PAR1")},
		{name: "parquet-footer-too-long.parquet", data: pq[:len(pq)-8] + "\xff\xff\xff\x7fPAR1", want: refused("its footer has")},
		{name: "parquet-footer-empty.parquet", data: pq[:len(pq)-8] + "\x00\x00\x00\x00PAR1", want: refused("parquet-footer-empty.parquet: ")},
		{name: "parquet-footer-of-zeros.parquet", data: "PAR1" + strings.Repeat("\x00", 4096) + "\x00\x10\x00\x00PAR1", want: refused("parquet-footer-of-zeros.parquet: ")},
		{name: "parquet-encrypted.parquet", data: pq[:len(pq)-4] + "PARE", want: refused("encrypted")},
		{name: "two-parquets.parquet", data: pq + pq, want: refused("two Parquet files one behind the other")},
		{name: "two-parquets-small-first.parquet", data: smallParquet(t, 3) + pq, want: refused("two Parquet files one behind the other")},
		{name: "two-parquets-small-last.parquet", data: pq + smallParquet(t, 3), want: refused("two Parquet files one behind the other")},
	}
}

// hostileSizes are inputs that are larger than they look, or than anyone would write. Under -short they are smaller.
func hostileSizes() []hostile {
	line, content := 17<<20, 64<<20 // one line of more than 16 MiB; bombs of so many bytes
	switch {
	case *hostileFull:
		line, content = 64<<20, 10<<30
	case !testing.Short():
		content = 192 << 20
	}
	zeros := strings.Repeat("0", 16<<20)
	bomb := func(pack func(string) string) func(io.Writer) {
		return func(w io.Writer) { // members and frames that follow each other are one content
			io.WriteString(w, pack(plainRecord+`{"pad":"`))
			for member, n := pack(zeros), content/len(zeros); n > 0; n-- {
				io.WriteString(w, member)
			}
			io.WriteString(w, pack(`"}`+"\n"+strings.ReplaceAll(plainRecord, `"a"`, `"b"`)))
		}
	}
	records := content / 16 / len(plainRecord)
	many := accepted(int64(records), fmt.Sprintf("duplicate_id 2,3,4,5,6 and %d (noted)", records-6))
	if records > 1<<23 { // repeated records are looked for in small files, which this one is, unless they hold more than so many
		many = accepted(int64(records))
	}
	return []hostile{
		{name: "bomb-of-records.jsonl.gz", want: many, scaled: true, make: func(w io.Writer) {
			z := gzip.NewWriter(w)
			defer z.Close()
			for n := records; n > 0; n -= 1000 {
				io.WriteString(z, strings.Repeat(plainRecord, min(n, 1000)))
			}
		}},
		{name: "long-line.jsonl", want: accepted(3, "line_too_long 2"), make: func(w io.Writer) {
			io.WriteString(w, among(`{"pad":"`+strings.Repeat("x", line)+`"}`))
		}},
		{name: "long-line-at-the-end.jsonl", want: accepted(2, "line_too_long 2"), make: func(w io.Writer) {
			io.WriteString(w, plainRecord+`{"pad":"`+strings.Repeat("x", line))
		}},
		{name: "long-line-of-brackets.jsonl", want: accepted(3), make: func(w io.Writer) {
			io.WriteString(w, among(`{"session":{"score":5},"x":`+strings.Repeat("[", 4<<20)+strings.Repeat("]", 4<<20)+"}"))
		}},
		{name: "long-row.csv", want: refused("a row of more than"), but: map[string]outcome{"inspect": refused("a row of more than")}, make: func(w io.Writer) {
			io.WriteString(w, "customer_id,session_score\na,5\n\""+strings.Repeat("x", line)+"\"\n")
		}},
		{name: "bomb.jsonl.gz", want: accepted(3, "line_too_long 2"), make: bomb(gzipped)},
		{name: "bomb.jsonl.zst", want: accepted(3, "line_too_long 2"), make: bomb(zstded)},
	}
}
