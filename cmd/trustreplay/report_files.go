package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

// reportTarget refuses what --out and --format say against each other.
func reportTarget(c *cli.Context) error {
	out, format := c.String("out"), c.String("format")
	if whole(out) && c.IsSet("format") && format != "html" {
		return fmt.Errorf("--format %s: --out %s writes the report in every format: want another ending, or no --format", format, out)
	}
	return nil
}

// whole tells whether --out asks for the page with all that goes beside it.
func whole(out string) bool { return strings.EqualFold(filepath.Ext(out), ".html") }

// reportBeside are the names beside the page: markdown, JSON, and the folders of tables and figures.
func reportBeside(page string) (markdown, data, tables, figures string) {
	stem := strings.TrimSuffix(page, filepath.Ext(page))
	return stem + ".md", stem + ".json", stem + "-tables", stem + "-figures"
}

// reportOutputs checks before the history is read that what is to be written can be, and is no input.
func (e *env) reportOutputs(c *cli.Context) error {
	page := c.String("out")
	if !whole(page) {
		return nil
	}
	markdown, data, tables, figures := reportBeside(page)
	if err := dataset.SameOutput(page, markdown, data, c.String("policy-out"), c.String("certificate"), c.String("ledger")); err != nil {
		return err
	}
	for _, name := range []string{page, markdown, data} {
		f, err := e.create(name, inputs(c))
		if err != nil {
			return err
		}
		f.Abort()
	}
	for _, name := range []string{tables, figures} {
		if st, err := os.Stat(name); err == nil && !st.IsDir() {
			return fmt.Errorf("%s is a file: it is to be a folder beside %s", name, page)
		}
	}
	return nil
}

// writeReport writes the page with all that goes beside it, or the one form that was asked for. Nothing is written before everything
// is made, and the page comes last: where it is, the rest is.
func (e *env) writeReport(c *cli.Context, doc reports.Document) error {
	page := c.String("out")
	if !whole(page) {
		return e.print(c, doc)
	}
	files, err := reportFiles(page, doc)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := dataset.SameFile(f.Name, inputs(c)); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f.Name), 0o777); err != nil {
			return err
		}
		if err := e.file(c, f.Name, f.Bytes); err != nil {
			return err
		}
	}
	_, _, tables, figures := reportBeside(page)
	for _, folder := range []string{tables, figures} {
		if err := e.strangers(folder, files); err != nil {
			return err
		}
	}
	return nil
}

// strangers tells which files of a folder are not of the report that was written into it: a former one may have had more tables. They
// stay, for they may be somebody's own.
func (e *env) strangers(folder string, files []reports.File) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	entries = slices.DeleteFunc(entries, func(at fs.DirEntry) bool {
		return slices.ContainsFunc(files, func(f reports.File) bool { return f.Name == filepath.Join(folder, at.Name()) })
	})
	if len(entries) > 0 {
		fmt.Fprintf(e.stderr, "trustreplay: %s holds %d more files, such as %s, which are not of this report\n", folder, len(entries), entries[0].Name())
	}
	return err
}

// reportFiles are the files of a report with their paths, the page last.
func reportFiles(page string, doc reports.Document) ([]reports.File, error) {
	markdown, data, tables, figures := reportBeside(page)
	beside, err := reports.Files(doc)
	if err != nil {
		return nil, err
	}
	for i, f := range beside {
		folder := figures
		if ext := filepath.Ext(f.Name); ext == ".csv" || ext == ".json" && !strings.HasSuffix(f.Name, ".vl.json") {
			folder = tables
		}
		beside[i].Name = filepath.Join(folder, f.Name)
	}
	for _, f := range []struct{ name, format string }{{markdown, "markdown"}, {data, "json"}, {page, "html"}} {
		of := doc
		if f.format == "markdown" {
			of = reports.Linked(doc, filepath.Base(figures), "svg")
		}
		var b bytes.Buffer
		if err := reports.Write(&b, of, f.format, reports.TextOptions{}); err != nil {
			return nil, err
		}
		beside = append(beside, reports.File{Name: f.name, Bytes: b.Bytes()})
	}
	return beside, nil
}
