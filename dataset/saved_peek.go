package dataset

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/apache/arrow/go/v17/parquet/metadata"
)

// PeekSaved tells whether the inputs of a history are saved cubes, and describes them as one; nil is an ordinary history. Only
// the ends of Parquet files are looked at, and a stream is left alone, because it cannot be read twice. weights, where not "",
// names the column that makes saved cubes of the files that do not say so themselves, and of streams.
func PeekSaved(names []string, weights string) (*Saved, error) {
	r := resolver{seen: map[string]string{}}
	for _, name := range names {
		r.peek(name)
	}
	var saved, plain []string
	var list []*Saved
	var errs []error
	for _, in := range r.inputs {
		s, err := peekFile(in.name)
		switch {
		case err != nil:
			errs = append(errs, inFile(in.name, err))
		case s != nil:
			saved, list = append(saved, in.name), append(list, s)
		case weights != "":
			saved, list = append(saved, in.name), append(list, declared(weights))
		default:
			plain = append(plain, in.name)
		}
	}
	switch {
	case errs != nil:
		return nil, errors.Join(errs...)
	case len(list) == 0 && weights != "":
		return declared(weights), nil
	case len(list) == 0:
		return nil, nil
	case len(plain) > 0:
		return nil, fmt.Errorf("%s is a saved cube and %s is not: make a cube of it too (trustreplay convert --cube), or name the column of its records (--weights)", saved[0], plain[0])
	}
	return mergeSaved(list, saved)
}

// declared describes a saved cube of which nothing is known but its column of weights.
func declared(weights string) *Saved {
	return &Saved{SchemaVersion: savedVersion, Weights: weights, Time: "month"}
}

// peek adds what a name stands for, but for pipes, which could be opened only once. What is no good is told when it is opened.
func (r *resolver) peek(name string) {
	info, err := os.Stat(name)
	switch {
	case name == "-":
	case err == nil && (info.IsDir() || info.Mode().IsRegular()):
		r.add(name, nil)
	case errors.Is(err, fs.ErrNotExist):
		matches, _ := filepath.Glob(name)
		for _, m := range matches {
			if info, err := os.Stat(m); err == nil && (info.IsDir() || info.Mode().IsRegular()) {
				r.add(m, nil)
			}
		}
	}
}

// peekFile reads the metadata of a saved cube; nil is any other file.
func peekFile(name string) (s *Saved, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil // it is told when the file is opened to be read
	}
	defer f.Close()
	var head, tail [8]byte
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || size < 12 {
		return nil, nil
	}
	if _, err := f.ReadAt(head[:4], 0); err != nil || string(head[:4]) != "PAR1" {
		return nil, nil
	}
	if _, err := f.ReadAt(tail[:], size-8); err != nil || string(tail[4:]) != "PAR1" {
		return nil, nil
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if n > size-12 {
		return nil, nil
	}
	footer := make([]byte, n)
	if _, err := f.ReadAt(footer, size-8-n); err != nil {
		return nil, nil
	}
	if !bytes.Contains(footer, []byte(SavedKey)) && !bytes.Contains(footer, []byte(savedKeyPlain)) || checkFooter(footer) != nil {
		return nil, nil
	}
	err = guard(func() error {
		meta, err := metadata.NewFileMetaData(footer, nil)
		if err != nil {
			return nil
		}
		s, err = savedOf(meta)
		return err
	})
	return s, err
}

// savedOf returns what a file's metadata tells of a saved cube, nil where it is none.
func savedOf(meta *metadata.FileMetaData) (*Saved, error) {
	for _, kv := range meta.KeyValueMetadata() {
		if (kv.Key == SavedKey || kv.Key == savedKeyPlain) && kv.Value != nil {
			return parseSaved([]byte(*kv.Value))
		}
	}
	return nil, nil
}
