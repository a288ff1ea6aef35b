package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
)

// A Discovered field is one that a history has.
type Discovered struct {
	Field Field
	// Path is where the value is.
	Path Path
	// Personal tells that values are about a person, so that they must not be printed.
	Personal bool
	// Count is how many records of the sample have a value; the number of records where the schema says it, as in Parquet,
	// is not known and 0.
	Count int
}

// sampleRecords is how many records of each file are looked at.
const sampleRecords = 2000

// A SchemaColumn is a column that a file declares.
type SchemaColumn struct {
	Path Path
	Kind Kind
	Raw  bool // a string column that holds responses as JSON text
}

// schemer is what sources implement whose files declare their columns.
type schemer interface{ schemaColumns() []SchemaColumn }

// Discover lists the fields of a history by canonical name, sorted by it. Text formats are known by a sample of the first
// records, Parquet by its schema. Every input is opened, so it reports what Open reports.
func Discover(ctx context.Context, names []string, stdin io.Reader, m Mapping) ([]Discovered, error) {
	s, err := Open(ctx, names, stdin, Options{Mapping: m})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	d := discovery{mapping: m, fields: map[string]*sampled{}}
	var errs []error
	for i, src := range s.sources {
		err := guard(func() error { return d.source(src) })
		if err != nil {
			errs = append(errs, inFile(s.inputs[i].name, err))
		}
	}
	return d.list(), errors.Join(errs...)
}

// A sampled path has been met count times; could holds the kinds that all its values fit.
type sampled struct {
	path                 Path
	count                int
	noBool, noNum, noTxt bool // noTxt: lists of something else than texts
	lists                bool
	kind                 Kind
	known                bool // kind is declared
}

type discovery struct {
	mapping Mapping
	fields  map[string]*sampled // by path
	// envelope tells that records hold a response under its name, be it null or empty.
	envelope bool
}

func (d *discovery) source(src source) error {
	switch src := src.(type) {
	case schemer:
		for _, c := range src.schemaColumns() {
			if f := d.at(c.Path); !f.known {
				f.kind, f.known = c.Kind, true
				if c.Raw {
					f.kind = KindState
				}
			}
		}
		return nil
	case *csvSource:
		return d.rows(src)
	case *textSource:
		return d.lines(src)
	}
	return nil
}

func (d *discovery) at(path Path) *sampled {
	key := strings.Join(path, "\x00")
	f := d.fields[key]
	if f == nil {
		f = &sampled{path: slices.Clone(path)}
		d.fields[key] = f
	}
	return f
}

func (d *discovery) rows(src *csvSource) error {
	for range sampleRecords {
		src.limit.left = src.maxLine
		cells, err := src.rows.Read()
		if err != nil {
			return nil // a bad row is an issue of the scan
		}
		for i, cell := range cells {
			if i < len(src.header) {
				d.at(Path{src.header[i]}).text(cell)
			}
		}
	}
	return nil
}

func (d *discovery) lines(src *textSource) error {
	left := sampleRecords
	var w textWorker
	for left > 0 {
		claimed, err := src.claim()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		u := claimed.(*textUnit)
		if !u.loaded {
			if err := u.load(&w); err != nil {
				return err
			}
		}
		for line := range strings.Lines(string(u.data)) {
			var record map[string]any
			dec := json.NewDecoder(strings.NewReader(line))
			dec.UseNumber()
			if dec.Decode(&record) != nil {
				continue // an issue of the scan
			}
			d.object(nil, record)
			if left--; left == 0 {
				break
			}
		}
	}
	return nil
}

// object flattens an object; a response stored as text counts as the object that it holds.
func (d *discovery) object(path Path, object map[string]any) {
	for key, v := range object {
		at := append(path[:len(path):len(path)], key)
		d.envelope = d.envelope || len(at) == 1 && ProductOf(key) == key
		if s, isText := v.(string); isText && looksLikeObject([]byte(s)) {
			var inner map[string]any
			if json.Unmarshal([]byte(s), &inner) == nil {
				v = inner
			}
		}
		switch v := v.(type) {
		case nil:
		case map[string]any:
			d.object(at, v)
		case []any:
			d.at(at).list(v)
		case bool:
			f := d.at(at)
			f.count++
			f.noNum = true
		case json.Number:
			d.at(at).text(string(v))
		case string:
			d.at(at).text(v)
		case float64: // inside a response stored as text
			f := d.at(at)
			f.count++
			f.noBool = true
		}
	}
}

func (f *sampled) list(v []any) {
	for _, e := range v {
		if _, isText := e.(string); !isText {
			f.noTxt = true
		}
	}
	f.count++
	f.noBool, f.noNum, f.lists = true, true, true
}

func (f *sampled) text(s string) {
	if s == "" {
		return
	}
	f.count++
	if b, kind := parseBool([]byte(s)); kind != ok || b == BoolAbsent || s == "0" || s == "1" {
		f.noBool = true
	}
	if _, kind := parseNumber([]byte(s)); kind != ok {
		f.noNum = true
	}
}

// list names what was met. Where two places have one name the fuller one is kept.
func (d *discovery) list() []Discovered {
	byName := map[string]Discovered{}
	n := d.namer()
	for _, key := range slices.Sorted(maps.Keys(d.fields)) {
		f := d.fields[key]
		if f.count == 0 && !f.known || f.noTxt {
			continue
		}
		field := n.field(f)
		if old, found := byName[field.Name]; !found || old.Count < f.count {
			byName[field.Name] = Discovered{field, f.path, field.Kind != KindState && Personal(field.Name), f.count}
		}
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b Discovered) int { return strings.Compare(a.Field.Name, b.Field.Name) })
}

// ConvertFields returns what a converted history keeps of the fields that were found: all but personal data, and the ids
// that labels are joined by.
func ConvertFields(found []Discovered) []Field {
	var out []Field
	add := func(f Field) {
		if !slices.ContainsFunc(out, func(g Field) bool { return g.Name == f.Name }) {
			out = append(out, f)
		}
	}
	for _, id := range IDs {
		if slices.ContainsFunc(found, func(d Discovered) bool { return d.Field.Name == id }) {
			add(Field{id, KindText})
		}
	}
	add(Field{Timestamp, KindTime})
	add(Field{Amount, KindAmount})
	add(Field{LabelField, KindLabel})
	add(Field{LabelTime, KindTime})
	add(Field{ActionField, KindAction})
	for _, d := range found {
		f := d.Field
		if side(f.Name) {
			continue // a product's score and status are its KindState
		}
		if ProductOf(f.Name) == "" && (f.Kind == KindBool || f.Kind == KindNumber) {
			f.Kind = KindText // the user's own yes or 1.50 is a segment as it is spelled
		}
		if f.Kind == KindState || !d.Personal {
			add(f)
		}
	}
	return out
}

// side reports whether a name is the score or the status of a product.
func side(name string) bool {
	return slices.ContainsFunc(Products, func(p string) bool {
		return name == ProductField(p, "score") || name == ProductField(p, "status")
	})
}
