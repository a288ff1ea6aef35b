package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// An OutputFile is a file that appears whole or not at all: it is written under another name in the same folder and takes
// its own name in Commit. What is no regular file, such as /dev/stdout or a pipe, is written directly.
type OutputFile struct {
	f      *os.File
	path   string
	direct bool
	mode   fs.FileMode
	err    error // the first of any write
	done   bool
}

// CreateFile begins to write path. An existing file stays as it is until Commit.
func CreateFile(path string) (*OutputFile, error) {
	// A link stays a link: it is its target that is replaced.
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	o := &OutputFile{path: path, mode: 0o644}
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case st.IsDir():
		return nil, fmt.Errorf("%s is a folder, want the name of a file", path)
	case !st.Mode().IsRegular():
		o.direct = true
		o.f, err = os.OpenFile(path, os.O_WRONLY, 0)
		return o, err
	default:
		o.mode = st.Mode().Perm()
		if err := writable(path); err != nil {
			return nil, err
		}
	}
	o.f, err = os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err // the name in it is not the user's
		}
		return nil, fmt.Errorf("%s: no file can be made there: %w", path, err)
	}
	return o, nil
}

// writable refuses a file that may not be written. A rename would replace it all the same, because that asks the folder alone,
// but whoever made it read-only meant to keep it.
func writable(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// Write writes to the file. After an error nothing more is written, and Commit returns it.
func (o *OutputFile) Write(b []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.f.Write(b)
	o.err = o.named(err)
	return n, o.err
}

// named gives an error of the file the name that the user knows it by.
func (o *OutputFile) named(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return &fs.PathError{Op: pe.Op, Path: o.path, Err: pe.Err}
	}
	return err
}

// Commit gives the file its name, once all of it is on disk. After an error the file is as it was before.
func (o *OutputFile) Commit() error {
	if o.done {
		return fmt.Errorf("%s: the file is closed", o.path)
	}
	defer o.Abort()
	if o.err != nil {
		return o.err
	}
	if o.direct {
		o.done = true
		return o.f.Close()
	}
	if err := errors.Join(o.named(o.f.Chmod(o.mode)), o.named(o.f.Sync()), o.named(o.f.Close())); err != nil {
		return err
	}
	if err := os.Rename(o.f.Name(), o.path); err != nil {
		var le *os.LinkError
		if errors.As(err, &le) {
			err = le.Err
		}
		return fmt.Errorf("%s: the file cannot be put there: %w", o.path, err)
	}
	o.done = true
	return syncFolder(filepath.Dir(o.path))
}

// Abort drops what was written. After Commit it does nothing.
func (o *OutputFile) Abort() {
	if o.done {
		return
	}
	o.done = true
	o.f.Close()
	if !o.direct {
		os.Remove(o.f.Name())
	}
}

// syncFolder makes a rename last. Some file systems cannot do that, which is no reason to fail: the file is there.
func syncFolder(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return nil
	}
	d.Sync()
	return d.Close()
}

// SameFile returns an error if writing path would overwrite one of the inputs, under whatever name: a file, one that a glob
// matches, or one in a folder that would be read as a history.
func SameFile(path string, inputs []string) error {
	if out, err := os.Stat(path); err != nil || !out.Mode().IsRegular() {
		return nil
	}
	if name, found := Among(path, inputs); found {
		return fmt.Errorf("%s is an input (%s): want another file to write to", path, name)
	}
	return nil
}

// Among returns the first of the inputs, which may be folders and globs too, that stands for the file.
func Among(file string, inputs []string) (name string, found bool) {
	it, err := os.Stat(file)
	if err != nil {
		return "", false
	}
	for _, name := range inputs {
		for _, f := range filesOf(name) {
			if in, err := os.Stat(f); err == nil && os.SameFile(in, it) {
				return name, true
			}
		}
	}
	return "", false
}

// filesOf returns the files that an input stands for.
func filesOf(name string) []string {
	info, err := os.Stat(name)
	if err != nil {
		matches, _ := filepath.Glob(name)
		var out []string
		for _, match := range matches {
			if _, err := os.Stat(match); err == nil { // or else a match that is a pattern again would not end
				out = append(out, filesOf(match)...)
			}
		}
		return out
	}
	if !info.IsDir() {
		return []string{name}
	}
	var out []string
	filepath.WalkDir(name, func(file string, _ fs.DirEntry, _ error) error {
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && recognised(file) {
			out = append(out, file)
		}
		return nil // what cannot be read is an error of the scan
	})
	return out
}

// SameOutput returns an error if two of the names, of which "" is none, are of one file.
func SameOutput(names ...string) error {
	seen := map[string]string{}
	for _, name := range names {
		if name == "" || name == "-" {
			continue
		}
		key := name
		if folder, err := filepath.EvalSymlinks(filepath.Dir(name)); err == nil {
			key = filepath.Join(folder, filepath.Base(name))
		}
		if file, err := filepath.EvalSymlinks(name); err == nil {
			key = file
		}
		if abs, err := filepath.Abs(key); err == nil {
			key = abs
		}
		if st, err := os.Stat(key); err == nil && !st.Mode().IsRegular() {
			continue // /dev/null takes anything
		}
		if other, found := seen[key]; found {
			return fmt.Errorf("%s and %s are one file: want one for each output", other, name)
		}
		seen[key] = name
	}
	return nil
}
