package dataset

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

var parquetMagic = []byte("PAR1")

// sniffSize is how much of a text is looked at to recognise its format; a CSV header must fit.
const sniffSize = 64 << 10

// openSource recognises the format of an input by its content.
func openSource(ctx context.Context, in *input, s *Scan) (source, error) {
	src, err := sniff(ctx, in, s)
	if err != nil {
		var fe *fileError
		if !errors.As(err, &fe) {
			err = inFile(in.name, err)
		}
		return nil, err
	}
	return src, nil
}

func sniff(ctx context.Context, in *input, s *Scan) (source, error) {
	info := FileInfo{Name: in.name}
	raw := in.stream
	if raw == nil {
		if err := in.open(); err != nil {
			return nil, err
		}
		raw = in.file
	}
	file := in.file
	t := &textSource{scan: s, in: in, file: file, chunk: chunkSize, maxLine: maxLine, turn: sync.NewCond(&s.mu)}
	counted := &countingReader{r: raw, done: &s.done}
	if s.opt.Hash {
		if file == nil {
			counted.hash = sha256.New()
			t.hash = counted.hash
		} else if sum, err := hashFile(ctx, file); err != nil {
			return nil, errors.Join(err, file.Close())
		} else {
			info.SHA256, in.sha256 = sum, sum
		}
	}
	head := bufio.NewReaderSize(counted, sniffSize)
	if magic, _ := head.Peek(4); bytes.Equal(magic, parquetMagic) {
		s.done.Add(-counted.n) // what was looked at is read again
		if file == nil {
			in.stream = head
		}
		return openParquet(ctx, in, s)
	}
	src, err := t.recognise(head, info)
	if err != nil {
		return nil, errors.Join(err, t.release())
	}
	if src == source(t) && t.stream == nil {
		s.done.Add(-counted.n)
	}
	return src, nil
}

// recognise decides between the text formats.
func (t *textSource) recognise(head *bufio.Reader, info FileInfo) (source, error) {
	content, compression, err := decompress(head)
	if err != nil {
		return nil, err
	}
	info.Compression = compression
	if compression != "" {
		t.decoder, _ = content.(io.Closer)
		head = bufio.NewReaderSize(content, sniffSize)
	}
	start, err := head.Peek(sniffSize)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if compression != "" && (bytes.HasPrefix(start, gzipMagic) || bytes.HasPrefix(start, zstdMagic)) {
		return nil, fmt.Errorf("compressed twice: the content of the %s is compressed too", compression)
	}
	if compression != "" && bytes.HasPrefix(start, parquetMagic) {
		return nil, fmt.Errorf("a Parquet file inside %s cannot be read in parts: decompress it first", compression)
	}
	skip := 0
	if bytes.HasPrefix(start, utf8BOM) {
		skip = len(utf8BOM)
	}
	format, err := textFormat(start)
	if err != nil {
		return nil, err
	}
	info.Format = format
	if format == "" {
		info.Format = "jsonl"
		info.Notes = append(info.Notes, "the file is empty")
	} else if note := promised(info); note != "" {
		info.Notes = append(info.Notes, note)
	}
	t.fileInfo = info
	if format == "csv" {
		head.Discard(skip)
		return newCSVSource(t, head)
	}
	if compression == "" && t.file != nil {
		t.start, t.size = int64(skip), t.in.was.Size()
		return t, nil
	}
	head.Discard(skip)
	t.stream, t.chunk = head, streamChunk
	return t, nil
}

var utf8BOM = []byte("\xef\xbb\xbf")

// textFormat tells JSON lines from CSV by how the text starts; "" is an empty text.
func textFormat(head []byte) (string, error) {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return "", errors.New("the text is UTF-16: convert it to UTF-8 first")
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, utf8BOM), " \t\r\n")
	switch {
	case len(head) == 0:
		return "", nil
	case head[0] == '{':
		return "jsonl", nil
	case head[0] == '[':
		return "", errors.New("a JSON list is not JSON lines: convert it with jq -c '.[]'")
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	binary := bytes.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' && r != '\r' })
	if !binary && (bytes.ContainsAny(line, ",;\t") || knownColumn(string(bytes.TrimSpace(line)))) {
		return "csv", nil
	}
	return "", errors.New("not Parquet, JSON lines or CSV")
}

// knownColumn recognises a CSV of one column by its name.
func knownColumn(name string) bool {
	name = strings.Trim(name, `"`)
	return slices.Contains(IDs, name) || name == LabelField || name == Timestamp || name == Amount ||
		strings.HasSuffix(name, "score") || strings.HasSuffix(name, "score_cluster")
}

// promised returns a note where a file's name promises another format than its content.
func promised(info FileInfo) string {
	name := strings.ToLower(info.Name)
	var compression, format string
	switch ext := filepath.Ext(name); ext {
	case ".gz", ".gzip":
		compression, name = "gzip", strings.TrimSuffix(name, ext)
	case ".zst", ".zstd":
		compression, name = "zstd", strings.TrimSuffix(name, ext)
	}
	switch filepath.Ext(name) {
	case ".jsonl", ".ndjson", ".json":
		format = "jsonl"
	case ".csv", ".tsv":
		format = "csv"
	case ".parquet", ".pq":
		format = "parquet"
	}
	switch {
	case format != "" && format != info.Format:
		return fmt.Sprintf("the name promises %s, the content is %s", format, info.Format)
	case compression != "" && compression != info.Compression:
		is := info.Compression
		if is == "" {
			is = "not compressed"
		}
		return fmt.Sprintf("the name promises %s, the content is %s", compression, is)
	}
	return ""
}

// A countingReader counts the bytes that have been read of an input, and hashes them where asked.
type countingReader struct {
	r    io.Reader
	done *atomic.Int64
	n    int64
	hash hash.Hash
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.done.Add(int64(n))
	if c.hash != nil {
		c.hash.Write(p[:n])
	}
	return n, err
}

// hashFile returns the SHA-256 of a file, without moving to its end.
func hashFile(ctx context.Context, f *os.File) (string, error) {
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for at := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := f.ReadAt(buf, at)
		at += int64(n)
		h.Write(buf[:n])
		if err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), nil
		}
		if err != nil {
			return "", err
		}
	}
}
