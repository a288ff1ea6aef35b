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

// A spread is an object with a member to a line, a lined an array with an element to a line: in long files, a change of one is then a
// change of one line.
type (
	spread object
	lined  []any
)

// jsonLines returns a value whose spread and lined parts are broken into lines, with a line feed at its end.
func jsonLines(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := appendLines(&b, v, "\n"); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return escapeMarks(b.Bytes()), nil
}

// appendLines adds a value whose lines begin with a line feed and an indent.
func appendLines(b *bytes.Buffer, v any, indent string) error {
	var opening, closing byte
	var parts []member
	switch v := v.(type) {
	case spread:
		opening, closing, parts = '{', '}', v
	case lined:
		opening, closing = '[', ']'
		for _, element := range v {
			parts = append(parts, member{value: element})
		}
	default:
		text, err := marshal(v, "")
		b.Write(text)
		return err
	}
	b.WriteByte(opening)
	for i, p := range parts {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(indent + "  ")
		if opening == '{' {
			key, err := marshal(p.key, "")
			if err != nil {
				return err
			}
			b.Write(key)
			b.WriteString(": ")
		}
		if err := appendLines(b, p.value, indent+"  "); err != nil {
			return err
		}
	}
	if len(parts) > 0 {
		b.WriteString(indent)
	}
	b.WriteByte(closing)
	return nil
}
