package dataset

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// A judge reads one JSON text token by token with encoding/json, and keeps the values at the reader's places. It is the
// slow twin of the fast walk: for every line that is valid JSON both find the same values.
type judge struct {
	r    *jsonReader
	text []byte
	dec  *json.Decoder
}

// A keyError is a key that is valid JSON but not acceptable.
type keyError struct {
	kind  IssueKind
	field string
}

func (e *keyError) Error() string { return e.kind.String() + " " + e.field }

// judge reads text and returns the issue that makes it unusable as a whole, and the field it is about.
func (r *jsonReader) judge(text []byte) (IssueKind, string) {
	if len(bytes.TrimSpace(text)) == 0 && !r.shape.whole {
		return ok, ""
	}
	err := r.document(r.root, text, r.shape.whole)
	var ke *keyError
	switch {
	case err == nil:
		return ok, ""
	case errors.As(err, &ke):
		return ke.kind, ke.field
	}
	return BadJSON, ""
}

var errShape = errors.New("not one JSON object")

// document reads a text that is one JSON value, an object if so asked.
func (r *jsonReader) document(n *node, text []byte, object bool) error {
	j := &judge{r: r, text: text, dec: json.NewDecoder(bytes.NewReader(text))}
	j.dec.UseNumber()
	tok, err := j.dec.Token()
	if err != nil {
		return err
	}
	if object && tok != json.Delim('{') {
		return errShape
	}
	if err := j.value(n, tok, 0); err != nil {
		return err
	}
	if _, err := j.dec.Token(); err != io.EOF {
		return errShape
	}
	return nil
}

// value keeps the value that tok starts at n, nil for a value not in play. from is where the token before it ended.
func (j *judge) value(n *node, tok json.Token, from int64) error {
	if n == nil {
		if tok == json.Delim('{') || tok == json.Delim('[') {
			return j.skip()
		}
		return nil
	}
	n.val = value{gen: j.r.gen}
	v := &n.val
	start := j.dec.InputOffset()
	switch t := tok.(type) {
	case nil:
		v.form = formNull
	case bool:
		v.form, v.text = formScalar, []byte("false")
		if t {
			v.text = []byte("true")
		}
	case json.Number:
		v.form, v.text = formScalar, []byte(t)
	case string:
		v.form, v.text = formString, []byte(t)
		if raw := j.text[from:start]; !utf8.Valid(raw) {
			v.badUTF8 = true
			if n.kids != nil { // the decoder has put other characters for bad bytes; a text in this one may hold them
				v.text = j.r.unescape(raw[bytes.IndexByte(raw, '"')+1 : len(raw)-1])
			}
		}
		if n.kids != nil && looksLikeObject(v.text) {
			return j.embedded(n)
		}
	case json.Delim:
		v.form = formObject
		if t == '[' {
			v.form = formArray
		}
		var err error
		if t == '{' && n.kids != nil {
			err = j.object(n)
		} else {
			err = j.skip()
		}
		v.text = j.text[start-1 : j.dec.InputOffset()]
		return err
	}
	return nil
}

func (j *judge) embedded(n *node) error {
	err := j.r.document(n, n.val.text, true)
	var ke *keyError
	if err == nil || errors.As(err, &ke) {
		return err
	}
	return &keyError{BadResponse, n.path}
}

// object reads the keys of an object whose brace has been read.
func (j *judge) object(n *node) error {
	for j.dec.More() {
		tok, err := j.dec.Token()
		if err != nil {
			return err
		}
		key, isString := tok.(string)
		if !isString {
			return errShape
		}
		kid, wrongCase := n.find(key)
		switch {
		case wrongCase:
			return &keyError{WrongCaseKey, n.folded[strings.ToLower(key)].path}
		case kid != nil && kid.val.gen == j.r.gen && !kid.quiet:
			return &keyError{DuplicateKey, kid.path}
		}
		from := j.dec.InputOffset()
		if tok, err = j.dec.Token(); err != nil {
			return err
		}
		if err := j.value(kid, tok, from); err != nil {
			return err
		}
	}
	_, err := j.dec.Token()
	return err
}

// skip reads to the end of an object or list whose bracket has been read. It does not recurse: nesting is the data's.
func (j *judge) skip() error {
	for depth := 1; depth > 0; {
		tok, err := j.dec.Token()
		if err != nil {
			return err
		}
		switch tok {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	return nil
}
