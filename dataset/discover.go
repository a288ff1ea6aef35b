package dataset

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
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
	// Count is how many of the records that were decoded have a value: of the first ones of each file, and of those behind
	// them that have a shape of their own. Where the schema says it, as in Parquet, it is not known and 0.
	Count int
}

// sampleRecords is how many records of each file are decoded, whatever their shape, so that Count says which of two places
// is the fuller one.
const sampleRecords = 2000

// A SchemaColumn is a column that a file declares.
type SchemaColumn struct {
	Path Path
	Kind Kind
	Raw  bool // a string column that holds responses as JSON text
}

// schemer is what sources implement whose files declare their columns.
type schemer interface{ schemaColumns() []SchemaColumn }

// Discover lists the fields of a history by canonical name, sorted by it. Text is read to its end, because a product may
// have been introduced late in a history, Parquet is known by its schema. Inputs are read again by the scan that follows,
// so a pipe other than stdin is an error. Every input is opened, so it reports what Open reports.
func Discover(ctx context.Context, names []string, stdin io.Reader, m Mapping) ([]Discovered, error) {
	s, err := Open(ctx, names, stdin, Options{Mapping: m, names: true})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := readableTwice(s.inputs); err != nil {
		return nil, err
	}
	d := discovery{mapping: m, fields: map[string]*sampled{}, keys: map[string]int{}}
	var errs []error
	for i, src := range s.sources {
		err := guard(func() error { return d.source(ctx, src) })
		if err != nil {
			errs = append(errs, inFile(s.inputs[i].name, err))
		} else if d.tooMany() {
			return nil, inFile(s.inputs[i].name, fmt.Errorf("its records have more than %d different keys: want names of fields for keys, not data", maxColumns))
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
	keyed                bool // in JSON, where a key in another case is an issue
	kind                 Kind
	known                bool // kind is declared
}

type discovery struct {
	mapping Mapping
	fields  map[string]*sampled // by path
	keys    map[string]int      // by path of an object below the top: how many keys it has; 0 for a value
	top     int                 // how many keys records have at their top
	// envelope tells that records hold a response under its name, be it null or empty.
	envelope bool
	singles  map[string]bool // see single
}

// maxDepth is how deep keys are looked for: the vendor's responses are four levels deep. What is deeper is not a field.
const maxDepth = 32

func (d *discovery) source(ctx context.Context, src source) error {
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
		return d.rows(ctx, src)
	case *textSource:
		return d.lines(ctx, src)
	}
	return nil
}

// readableTwice refuses pipes: what is read of them is gone.
func readableTwice(inputs []input) error {
	var errs []error
	for _, in := range inputs {
		if in.pipe {
			errs = append(errs, inFile(in.name, errors.New("a pipe cannot be read twice, as this needs: pass it as -")))
		}
	}
	return errors.Join(errs...)
}

// maxKeys is how many different keys an object may have below the top of a record. Keys of one with more are data, such as
// the ids in {"seen":{"id":true}}; they are no fields.
const maxKeys = 1000

// at returns the field at a place.
func (d *discovery) at(path Path) *sampled {
	key := strings.Join(path, "\x00")
	f := d.fields[key]
	if f == nil {
		f = &sampled{path: slices.Clone(path)}
		if d.isField(path) {
			d.fields[key] = f
		}
	}
	return f
}

// isField counts a place that was not met before among the keys of the object that it is in, and reports whether they are
// few enough to be names.
func (d *discovery) isField(path Path) bool {
	for i := 1; i <= len(path); i++ {
		key := strings.Join(path[:i], "\x00")
		if _, met := d.keys[key]; met {
			continue
		}
		if i == 1 {
			d.keys[key] = 0
			if d.top++; d.top > maxColumns {
				return false
			}
			continue
		}
		parent := strings.Join(path[:i-1], "\x00")
		if d.keys[parent] > maxKeys {
			return false
		}
		d.keys[parent]++
		d.keys[key] = 0
	}
	return true
}

// tooMany reports whether there are more fields than anyone has names for; what is below the top may yet turn out to be data.
func (d *discovery) tooMany() bool { return d.top > maxColumns || len(d.fields) > 10*maxColumns }

// dataKeys reports whether a place is in an object that turned out to have data for keys.
func (d *discovery) dataKeys(path Path) bool {
	if addressed(path.String()) {
		return true
	}
	for i := 1; i < len(path); i++ {
		if d.keys[strings.Join(path[:i], "\x00")] > maxKeys {
			return true
		}
	}
	return false
}

func (d *discovery) rows(ctx context.Context, src *csvSource) error {
	var columns []*sampled
	for _, name := range src.header {
		columns = append(columns, d.at(Path{name}))
	}
	for ctx.Err() == nil {
		src.limit.left = src.maxLine
		cells, err := src.rows.Read()
		var pe *csv.ParseError
		if errors.As(err, &pe) {
			continue // a bad row is an issue of the scan
		}
		if err != nil {
			return nil // so is what ends the file too early
		}
		for i, cell := range cells[:min(len(cells), len(columns))] {
			columns[i].text(cell)
		}
	}
	return ctx.Err()
}

func (d *discovery) lines(ctx context.Context, src *textSource) error {
	var w textWorker
	shapes := shaper{known: map[uint64]struct{}{}}
	for decoded := 0; ; {
		src.scan.mu.Lock()
		claimed, err := src.claim()
		src.scan.mu.Unlock()
		if err == io.EOF {
			return ctx.Err()
		}
		if err == nil {
			err = ctx.Err()
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
		for from, to := 0, 0; from < len(u.data); from = to + 1 {
			to = len(u.data)
			if end := bytes.IndexByte(u.data[from:], '\n'); end >= 0 {
				to = from + end
			}
			line := u.data[from:to]
			if blank(line) || len(line) > src.maxLine {
				continue
			}
			known, learn := shapes.isKnown(u.data[:cap(u.data)], from, to)
			if known && decoded >= sampleRecords {
				continue
			}
			var record map[string]any
			dec := json.NewDecoder(bytes.NewReader(line))
			dec.UseNumber()
			if dec.Decode(&record) != nil {
				continue // an issue of the scan
			}
			d.object(nil, record)
			if d.tooMany() {
				return nil
			}
			decoded++
			learn()
		}
		if src.stream != nil {
			src.recycle(u.data)
		}
	}
}

// object flattens an object; a response stored as text counts as the object that it holds.
func (d *discovery) object(path Path, object map[string]any) {
	for key, v := range object {
		at := append(path[:len(path):len(path)], d.inCase(path, key))
		d.envelope = d.envelope || len(at) == 1 && ProductOf(key) == key
		if s, isText := v.(string); isText && looksLikeObject([]byte(s)) {
			var inner map[string]any
			if json.Unmarshal([]byte(s), &inner) == nil {
				v = inner
			}
		}
		if inner, isObject := v.(map[string]any); isObject && !d.single(at) {
			if len(at) < maxDepth {
				d.object(at, inner)
			}
		} else if v != nil {
			f := d.at(at)
			f.keyed = true
			f.value(v)
		}
	}
}

// single reports whether a place is one of a plain value by its name, such as session.score or label. What else is there in
// some record is an issue of that record, and no reason to take the field for another one, or for none, in all the others.
func (d *discovery) single(path Path) bool {
	last := path[len(path)-1]
	if len(path) > 1 && hubScore[last] && ProductOf(path[0]) != "" {
		return len(path) > 2 || path[0] != "onboarding" || last != "score" // a claim of the hub response has that name
	}
	if d.singles == nil {
		d.singles = map[string]bool{}
		for _, f := range recordFields {
			for _, p := range d.mapping.places(f.Name) {
				d.singles[p.String()] = true
			}
		}
	}
	return d.singles[path.String()]
}

// value notes a value, of whose keys, if it has any, none is a field.
func (f *sampled) value(v any) {
	switch v := v.(type) {
	case map[string]any:
		f.count++
		f.noBool, f.noNum = true, true
	case []any:
		f.list(v)
	case bool:
		f.count++
		f.noNum = true
	case json.Number:
		f.text(string(v))
	case string:
		f.text(v)
	case float64: // inside a response stored as text
		f.count++
		f.noBool = true
	}
}

// inCase returns the canonical spelling of a key that names a response, a field of the envelope or a response's score in
// another case, so that convert and inspect read that field and find the issue that it is for replay.
func (d *discovery) inCase(path Path, key string) string {
	low := strings.ToLower(key)
	if low == key || slices.ContainsFunc(slices.Collect(maps.Values(d.mapping.Fields)), func(p string) bool { return slices.Contains(strings.Split(p, "."), key) }) {
		return key
	}
	isRecord := slices.ContainsFunc(recordFields, func(f Field) bool { return f.Name == low })
	if len(path) == 0 && (isRecord || ProductOf(low) == low) || len(path) > 0 && ProductOf(path[0]) != "" && hubScore[low] {
		return low
	}
	return key
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
	if _, kind := parseNumber([]byte(s)); kind == ok {
		f.noBool = true // 0 and 1 are numbers
		return
	}
	f.noNum = true
	if b, kind := parseBool([]byte(s)); kind != ok || b == BoolAbsent {
		f.noBool = true
	}
}

// oneCase drops the places of JSON values whose keys are also met in another case, as country and Country, and more often
// so: a scan that reads the field takes them for an issue.
func (d *discovery) oneCase() {
	kept := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(d.fields)) {
		f := d.fields[key]
		if !f.keyed {
			continue
		}
		low := strings.ToLower(key)
		other, found := kept[low]
		if found && d.fields[other].count >= f.count {
			delete(d.fields, key)
			continue
		}
		delete(d.fields, other)
		kept[low] = key
	}
}

// list names what was met. Where two places have one name the fuller one is kept.
func (d *discovery) list() []Discovered {
	d.oneCase()
	byName := map[string]Discovered{}
	n := d.namer()
	for _, key := range slices.Sorted(maps.Keys(d.fields)) {
		f := d.fields[key]
		if f.count == 0 && !f.known || f.noTxt && !d.single(f.path) || d.dataKeys(f.path) {
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
		if ProductOf(f.Name) == "" && (f.Kind == KindBool || f.Kind == KindNumber) {
			f.Kind = KindText // the user's own yes or 1.50 is a segment as it is spelled
		}
		if product, isStatus := strings.CutSuffix(f.Name, ".status"); isStatus && holdsState(found, product) {
			continue // a product is written with its status
		}
		if f.Kind == KindState || !d.Personal {
			add(f)
		}
	}
	return out
}

// holdsState reports whether a product is among the fields that were found.
func holdsState(found []Discovered, product string) bool {
	return slices.ContainsFunc(found, func(d Discovered) bool { return d.Field == Field{product, KindState} })
}
