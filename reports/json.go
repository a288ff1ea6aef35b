package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// JSON writes the document's data, indented, in the order of its struct fields. Marks that could turn a terminal's
// direction are escaped, not stripped: programs read the text as it was.
func JSON(w io.Writer, d Document) error {
	text, err := marshal(d.Data, "  ")
	if err != nil {
		return fmt.Errorf("json: %w", err)
	}
	_, err = w.Write(append(escapeMarks(text), '\n'))
	return err
}

// marshal is json.Marshal without the escapes that only HTML needs: names are to be read.
func marshal(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// escapeMarks escapes what encoding/json leaves as it is: DEL, C1 controls and bidirectional marks. Such runes occur in JSON
// strings only; the line feeds of the indent stay.
func escapeMarks(text []byte) []byte {
	if !bytes.ContainsFunc(text, marked) {
		return text
	}
	var b bytes.Buffer
	for _, r := range string(text) {
		if marked(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.Bytes()
}

func marked(r rune) bool { return r >= 0x7F && unprintable(r) }

// An object is a JSON object whose keys keep their order.
type object []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := marshal(m.key, "")
		if err != nil {
			return nil, err
		}
		value, err := marshal(m.value, "")
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
