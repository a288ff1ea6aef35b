package dataset

import (
	"bytes"
	"encoding/json"
	"math"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// A spot is one place where a field may be. A bare spot counts only in a line that is a response without an envelope: in
// any other, a key "score" or "status" is a column of the user's own.
type spot struct {
	*node
	bare bool
}

// A target is a wanted field and the spots where it may be, best first.
type target struct {
	Field
	col      int
	response string // the product whose response holds the field itself, "" for others
	spots    []spot // for a product: of its score
	status   []spot // for a product: of an explicit status
	bodies   []body // for a product: of whole responses
	cluster  int    // for a product: the column of its recorded cluster, -1 where that is not read
	dict     *textDict
	private  bool   // its values are personal data, or what a mapping reads them from is
	met      uint64 // one bit for each of the first 64 spots: a value was taken from it
}

// A placement holds the spots of all wanted fields and turns what a record has there into columns. It is shared by the
// formats that name their values by text: JSON lines, raw JSON in Parquet, CSV.
type placement struct {
	root    *node
	gen     uint64 // of the record being read
	targets []target
	shape   shape
	scratch []byte
}

// newPlacement lays out the places at or below prefix. Fields without such a place are left out.
func newPlacement(want []wanted, fields []Field, prefix Path) *placement {
	p := &placement{root: &node{}}
	p.shape.init(p.root, len(prefix) == 0)
	for col, f := range fields {
		w := want[col]
		t := target{Field: f, col: col, response: responseOf(f), cluster: -1, private: w.personal()}
		t.spots = p.spots(&t, w, w.paths, prefix)
		if f.Kind == KindState || f.Kind == KindStatus {
			t.status = p.spots(&t, w, w.status, prefix)
			t.bodies = p.bodies(w, t.response, prefix)
			p.shape.accept(t)
			if len(prefix) == 0 {
				t.cluster = clusterOf(fields, t.response)
			}
		}
		if len(t.spots) == 0 && len(t.bodies) == 0 {
			continue
		}
		if f.Kind == KindText || f.Kind == KindCodes {
			t.dict = &textDict{}
		}
		p.targets = append(p.targets, t)
	}
	return p
}

// responseOf names the response that holds f itself: session for session.score, onboarding.phone for
// onboarding.phone.score_cluster, "" for a field of the record.
func responseOf(f Field) string {
	if f.Kind == KindState {
		return f.Name
	}
	if i := strings.LastIndexByte(f.Name, '.'); i > 0 && ProductOf(f.Name) != "" {
		return f.Name[:i]
	}
	return ""
}

func (p *placement) spots(t *target, w wanted, paths []Path, prefix Path) []spot {
	var out []spot
	product := ProductOf(w.Name)
	detected := product != "" && !w.mapped && len(prefix) == 0
	for _, path := range paths {
		if len(path) < len(prefix) || !slices.Equal(path[:len(prefix)], prefix) {
			continue
		}
		last := path[len(path)-1]
		bare := detected && !belongs(path[0], product) && hubScore[last] && t.response == product
		s := spot{p.root.add(path[len(prefix):], bare && last == "status"), bare}
		if detected && belongs(path[0], product) && len(path) == 1 {
			p.shape.envelope = append(p.shape.envelope, s.node)
		}
		out = append(out, s)
	}
	return out
}

// belongs reports whether a key at the top of a record is the product's response or one of its flat columns.
func belongs(key, product string) bool {
	rest, found := strings.CutPrefix(key, product)
	return found && (rest == "" || rest[0] == '.' || rest[0] == '_')
}

// first returns the index of the first spot that holds a value, or -1. Null and "" hold none. So does an object where a
// claim of the same name was expected to be the value: onboarding.score is either.
func (p *placement) first(spots []spot, t *target) int {
	for i := range spots {
		v := &spots[i].val
		if v.gen != p.gen || v.form <= formNull || v.form == formString && len(v.text) == 0 {
			continue
		}
		if v.form == formObject && spots[i].kids != nil {
			continue
		}
		if spots[i].bare && !p.isBare(t) {
			continue
		}
		return i
	}
	return -1
}

// value returns the value of a field, nil where the record holds none, and notes where it was.
func (p *placement) value(t *target) *value {
	i := p.first(t.spots, t)
	if i < 0 {
		return nil
	}
	t.met |= 1 << i
	return &t.spots[i].val
}

// places adds to seen, one set of bits for each wanted field, where values were met since it was last called.
func (p *placement) places(seen []uint64, fields int) []uint64 {
	if seen == nil {
		seen = make([]uint64, fields)
	}
	for k := range p.targets {
		t := &p.targets[k]
		seen[t.col] |= t.met
		t.met = 0
	}
	return seen
}

// foundColumns tells the best place at which each field was met.
func foundColumns(want []wanted, seen []uint64) []Found {
	out := make([]Found, len(want))
	for i, w := range want {
		out[i].Field = w.Field
		if i < len(seen) && seen[i] != 0 {
			out[i].Path = w.paths[bits.TrailingZeros64(seen[i])]
		}
	}
	return out
}

// start prepares the columns of a batch that was reset.
func (p *placement) start(b *Batch) {
	for i := range p.targets {
		if d := p.targets[i].dict; d != nil {
			d.start(b)
		}
	}
}

// finish completes the columns of a batch. A product with a recorded cluster and no score had a response, as in Parquet.
func (p *placement) finish(b *Batch) {
	for i := range p.targets {
		t := &p.targets[i]
		if t.dict != nil {
			t.dict.finish(&b.Cols[t.col])
		}
		if t.cluster >= 0 {
			settleProduct(&b.Cols[t.col], b.Cols[t.cluster].U8, t.Kind)
		}
	}
}

// fill sets record i of b from the values of the current record.
func (p *placement) fill(b *Batch, i int) {
	for k := range p.targets {
		t := &p.targets[k]
		switch t.Kind {
		case KindState:
			b.Cols[t.col].State[i] = p.state(b, i, t)
		case KindStatus:
			b.Cols[t.col].U8[i] = uint8(p.state(b, i, t).Status())
		default:
			p.scalar(b, i, t)
		}
	}
}

// scalar sets one field that is a plain value.
func (p *placement) scalar(b *Batch, i int, t *target) {
	var text []byte
	if v := p.value(t); v != nil {
		switch {
		case v.form == formArray && t.Kind == KindCodes:
			codes, err := joinCodes(v.text)
			if err != nil {
				t.reject(b, i, BadType, "", nil)
				return
			}
			text = codes
		case v.form >= formObject && t.Kind == KindAction:
			t.reject(b, i, BadAction, "", nil)
			return
		case v.form >= formObject:
			t.reject(b, i, BadType, "", nil)
			return
		default:
			text = p.content(v)
		}
		if t.dict != nil && (v.badUTF8 || !utf8.Valid(text)) {
			t.reject(b, i, BadUTF8, "", text)
			return
		}
	}
	if kind := t.set(&b.Cols[t.col], i, text); kind != ok {
		t.reject(b, i, kind, "", text)
	}
}

// reject rejects record i because of the field, or a part of it such as ".score". The value of a personal field is not
// shown, however short: a first name looks like any other word.
func (t *target) reject(b *Batch, i int, kind IssueKind, part string, value []byte) {
	if t.private {
		value = nil
	}
	b.reject(i, kind, t.Name+part, string(value))
}

// set parses text into element i of the column.
func (t *target) set(c *Column, i int, text []byte) (kind IssueKind) {
	kind = ok
	switch t.Kind {
	case KindCluster:
		var v Cluster
		v, kind = parseCluster(text)
		c.U8[i] = uint8(v)
	case KindLabel:
		var v Label
		v, kind = parseLabel(text)
		c.U8[i] = uint8(v)
	case KindAction:
		var v Action
		v, kind = parseAction(text)
		c.U8[i] = uint8(v)
	case KindBool:
		c.U8[i], kind = parseBool(text)
	case KindTime:
		c.I64[i], kind = parseTime(text)
	case KindAmount:
		c.I64[i], kind = parseAmount(text)
	case KindNumber:
		if c.F64[i] = math.NaN(); len(text) > 0 {
			c.F64[i], kind = parseNumber(text)
		}
	default:
		c.Idx[i] = t.dict.number(text)
	}
	return kind
}

// content returns the text of a plain value with its escapes resolved.
func (p *placement) content(v *value) []byte {
	if v.escaped {
		v.text, v.escaped = p.unescape(v.text), false
	}
	return v.text
}

// unescape appends a string's content to the scratch space with its escapes resolved, which have been found valid.
func (p *placement) unescape(text []byte) []byte {
	from := len(p.scratch)
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 || i+1 == len(text) {
			break
		}
		p.scratch = append(p.scratch, text[:i]...)
		c := text[i+1]
		switch c {
		case 'n':
			c = '\n'
		case 't':
			c = '\t'
		case 'r':
			c = '\r'
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'u':
			n := escapeRun(text[i:])
			var s string
			if json.Unmarshal(slices.Concat([]byte{'"'}, text[i:i+n], []byte{'"'}), &s) != nil {
				s = string(text[i : i+n])
			}
			p.scratch = append(p.scratch, s...)
			text = text[i+n:]
			continue
		}
		p.scratch = append(p.scratch, c)
		text = text[i+2:]
	}
	p.scratch = append(p.scratch, text...)
	return p.scratch[from:len(p.scratch):len(p.scratch)]
}

// escapeRun returns the length of the run of \uXXXX escapes that text starts with; the halves of a surrogate pair must be
// resolved together.
func escapeRun(text []byte) int {
	n := 0
	for n+6 <= len(text) && text[n] == '\\' && text[n+1] == 'u' {
		n += 6
	}
	return max(n, 2)
}

// joinCodes turns a JSON list of strings into the comma-separated form.
func joinCodes(list []byte) ([]byte, error) {
	var codes []string
	if err := json.Unmarshal(list, &codes); err != nil {
		return nil, err
	}
	return []byte(strings.Join(codes, ",")), nil
}
