package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// An input is one file to read, or a stream.
type input struct {
	name   string // as the user named it; "stdin" for -
	size   int64  // bytes, -1 for a stream
	stream io.Reader
	pipe   bool   // the stream is a named pipe
	sha256 string // where it was asked for

	// Of a regular file, once it is open: the hash and the records are of this file, whatever takes its name meanwhile.
	file *os.File
	was  fs.FileInfo
}

// open opens a regular file and remembers what it is.
func (in *input) open() (err error) {
	if in.file, err = os.Open(in.name); err != nil {
		return err
	}
	if in.was, err = in.file.Stat(); err != nil {
		return errors.Join(err, in.file.Close())
	}
	return nil
}

var errChanged = errors.New("the file changed while it was read")

// unchanged returns an error where the file is not what it was when it was opened: the parts that were read would not fit.
func (in *input) unchanged() error {
	if in.file == nil {
		return nil
	}
	is, err := in.file.Stat()
	if err == nil && (is.Size() != in.was.Size() || !is.ModTime().Equal(in.was.ModTime())) {
		err = errChanged
	}
	if err != nil {
		return inFile(in.name, err)
	}
	return nil
}

// resolve turns what the user named into inputs: files, folders (all recognised files below them, in the order of their
// names), globs (which must match something), and - for stdin. All names that are no good are reported at once.
func resolve(names []string, stdin io.Reader) ([]input, error) {
	r := resolver{seen: map[string]string{}}
	if len(names) == 0 {
		return nil, errors.New("no input: name files, folders, globs, or - for stdin")
	}
	for _, name := range names {
		r.add(name, stdin)
	}
	return r.inputs, errors.Join(r.errs...)
}

type resolver struct {
	inputs []input
	seen   map[string]string // absolute path -> the name it was first met under
	errs   []error
}

func (r *resolver) fail(name string, err error) {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err // the name is said once
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("not found")
	}
	r.errs = append(r.errs, inFile(name, err))
}

func (r *resolver) add(name string, stdin io.Reader) {
	if name == "-" {
		if r.first("-", "stdin") {
			r.inputs = append(r.inputs, input{name: "stdin", size: -1, stream: stdin})
		}
		return
	}
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		r.folder(name)
	case err == nil:
		r.file(name, info)
	case strings.ContainsAny(name, "*?["):
		r.glob(name)
	default:
		r.fail(name, err)
	}
}

func (r *resolver) glob(pattern string) {
	matches, err := filepath.Glob(pattern)
	if err != nil {
		r.fail(pattern, err)
		return
	}
	if len(matches) == 0 {
		r.fail(pattern, errors.New("matches no file"))
	}
	for _, name := range matches {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			r.fail(name, err)
		case info.IsDir():
			r.folder(name)
		default:
			r.file(name, info)
		}
	}
}

// folder adds the files below a folder. Hidden ones and those of no known format are passed over: a folder of data often
// holds a README too.
func (r *resolver) folder(folder string) {
	inputs, errs := len(r.inputs), len(r.errs)
	err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		hidden := strings.HasPrefix(d.Name(), ".") && name != folder
		switch {
		case err != nil:
			r.fail(name, err)
			return nil
		case hidden && d.IsDir():
			return filepath.SkipDir
		case hidden || d.IsDir():
			return nil
		}
		info, err := os.Stat(name)
		if err != nil {
			r.fail(name, err)
			return nil
		}
		if info.Mode().IsRegular() && info.Size() > 0 && recognised(name) {
			r.file(name, info)
		}
		return nil
	})
	if err != nil {
		r.fail(folder, err)
	} else if len(r.inputs) == inputs && len(r.errs) == errs {
		r.fail(folder, errors.New("no Parquet, JSON lines or CSV file in this folder"))
	}
}

// recognised reports whether a file is worth opening: files that cannot be read count, so that Open names them.
func recognised(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return true
	}
	defer f.Close()
	head := make([]byte, sniffSize)
	n, _ := io.ReadFull(f, head)
	head = head[:n]
	if bytes.HasPrefix(head, parquetMagic) || bytes.HasPrefix(head, gzipMagic) || bytes.HasPrefix(head, zstdMagic) {
		return true
	}
	format, err := textFormat(head)
	if format == "csv" { // prose has commas too
		ext := strings.ToLower(filepath.Ext(name))
		return ext == ".csv" || ext == ".tsv"
	}
	return err == nil
}

func (r *resolver) file(name string, info fs.FileInfo) {
	abs, err := filepath.Abs(name)
	if err == nil {
		if real, err := filepath.EvalSymlinks(abs); err == nil {
			abs = real
		}
	}
	if !r.first(abs, name) {
		return
	}
	f, err := os.Open(name)
	if err != nil {
		r.fail(name, err)
		return
	}
	in := input{name: name, size: info.Size()}
	if !info.Mode().IsRegular() {
		in.size, in.stream, in.pipe = -1, closing{f}, true // a named pipe can be opened only once
	} else {
		f.Close()
	}
	r.inputs = append(r.inputs, in)
}

// closing is a pipe that we opened and must close; stdin is the caller's.
type closing struct{ *os.File }

// first reports whether a file was not named before; reading it twice would count its records twice.
func (r *resolver) first(key, name string) bool {
	before, found := r.seen[key]
	if found {
		err := errors.New("named twice")
		if before != name {
			err = fmt.Errorf("named twice, also as %s", before)
		}
		r.fail(name, err)
		return false
	}
	r.seen[key] = name
	return true
}
