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
	}
	o.f, err = os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return nil, err
	}
	return o, nil
}

// Write writes to the file. After an error nothing more is written, and Commit returns it.
func (o *OutputFile) Write(b []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.f.Write(b)
	o.err = err
	return n, err
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
	if err := errors.Join(o.f.Chmod(o.mode), o.f.Sync(), o.f.Close()); err != nil {
		return err
	}
	if err := os.Rename(o.f.Name(), o.path); err != nil {
		return err
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

// SameFile returns an error if writing path would overwrite one of the inputs, under whatever name.
func SameFile(path string, inputs []string) error {
	out, err := os.Stat(path)
	if err != nil || !out.Mode().IsRegular() {
		return nil
	}
	for _, name := range inputs {
		if in, err := os.Stat(name); err == nil && os.SameFile(in, out) {
			return fmt.Errorf("%s is an input (%s): want another file to write to", path, name)
		}
	}
	return nil
}
