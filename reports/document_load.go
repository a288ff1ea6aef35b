package reports

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// mostNested is how deep blocks of a file may be in each other: far more than anything that can be read.
const mostNested = 40

// loadDocument reads what documentJSON wrote, from the tree that encoding/json makes of it with numbers as json.Number. An error
// begins with the place, such as document.blocks[3].rows[2][1]. Whatever it accepts, every writer can write.
func loadDocument(tree any) (d Document, err error) {
	defer func() {
		if p := recover(); p != nil {
			refused, ok := p.(refusal)
			if !ok {
				panic(p)
			}
			d, err = Document{}, fmt.Errorf("%s: %s", refused.place, refused.why)
		}
	}()
	l := loader{}
	const place = "document"
	fields := l.object(place, tree, "title", "blocks", "tidy")
	d.Title = l.text(place+".title", fields["title"])
	l.load(place+".blocks", fields["blocks"], reflect.ValueOf(&d.Blocks).Elem())
	if tidy, found := fields["tidy"]; found {
		d.Tidy = &Table{}
		l.load(place+".tidy", tidy, reflect.ValueOf(d.Tidy).Elem())
		l.checkTable(place+".tidy", d.Tidy)
	}
	l.checkBlocks(place+".blocks", d.Blocks, map[string]bool{})
	return d, nil
}

// A refusal ends a load, see loadDocument.
type refusal struct{ place, why string }

// A loader fills values from a tree. It counts how deep it is.
type loader struct{ depth int }

func (l *loader) refuse(place, format string, args ...any) {
	panic(refusal{place, fmt.Sprintf(format, args...)})
}

// object returns the members of an object that has no others than these; nil is any.
func (l *loader) object(place string, tree any, allowed ...string) map[string]any {
	fields, ok := tree.(map[string]any)
	if !ok {
		l.refuse(place, "want an object, got %s", kindOf(tree))
	}
	for _, name := range sortedKeys(fields) {
		if allowed != nil && !slices.Contains(allowed, name) {
			l.refuse(place, "unknown field %q: want %s", name, strings.Join(allowed, ", "))
		}
	}
	return fields
}

func sortedKeys(m map[string]any) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func kindOf(tree any) string {
	switch tree.(type) {
	case nil:
		return "nothing"
	case bool:
		return "a truth value"
	case string:
		return "a text"
	case json.Number:
		return "a number"
	case []any:
		return "a list"
	}
	return "an object"
}

func (l *loader) text(place string, tree any) string {
	s, ok := tree.(string)
	if !ok {
		l.refuse(place, "want a text, got %s", kindOf(tree))
	}
	return s
}

func (l *loader) integer(place string, tree any) int64 {
	n, ok := tree.(json.Number)
	if !ok {
		l.refuse(place, "want a number, got %s", kindOf(tree))
	}
	v, err := n.Int64()
	if err != nil {
		l.refuse(place, "want a whole number of 64 bits, got %.40s", n)
	}
	return v
}

// float reads a number; null is not finite.
func (l *loader) float(place string, tree any) float64 {
	if tree == nil {
		return math.NaN()
	}
	n, ok := tree.(json.Number)
	if !ok {
		l.refuse(place, "want a number or null, got %s", kindOf(tree))
	}
	v, err := n.Float64()
	if err != nil || !finite(v) {
		l.refuse(place, "number %.40s is beyond what can be shown", n)
	}
	return v
}

// load fills a settable value.
func (l *loader) load(place string, tree any, into reflect.Value) {
	switch names := enumNames[into.Type()]; {
	case into.Type() == blockType:
		into.Set(l.block(place, tree))
		return
	case into.Type() == cellType:
		into.Set(reflect.ValueOf(l.cell(place, tree)))
		return
	case names != nil:
		at := slices.Index(names, l.text(place, tree))
		if at < 0 {
			l.refuse(place, "%q: want %s", tree, strings.Join(names, ", "))
		}
		into.SetUint(uint64(at))
		return
	}
	switch into.Kind() {
	case reflect.String:
		into.SetString(l.text(place, tree))
	case reflect.Bool:
		b, ok := tree.(bool)
		if !ok {
			l.refuse(place, "want true or false, got %s", kindOf(tree))
		}
		into.SetBool(b)
	case reflect.Int64, reflect.Int:
		into.SetInt(l.integer(place, tree))
	case reflect.Float64:
		into.SetFloat(l.float(place, tree))
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		l.load(place, tree, into.Elem())
	case reflect.Slice:
		l.list(place, tree, into)
	case reflect.Struct:
		l.fields(place, l.object(place, tree), into)
	default:
		panic(fmt.Sprintf("reports: no JSON form of a %v", into.Type()))
	}
}

func (l *loader) list(place string, tree any, into reflect.Value) {
	list, ok := tree.([]any)
	if !ok {
		l.refuse(place, "want a list, got %s", kindOf(tree))
	}
	into.Set(reflect.MakeSlice(into.Type(), len(list), len(list)))
	for i := range list {
		l.load(fmt.Sprintf("%s[%d]", place, i), list[i], into.Index(i))
	}
}

// fields fills a struct; what a file leaves out stays zero.
func (l *loader) fields(place string, tree map[string]any, into reflect.Value) {
	known := make([]string, into.NumField())
	for i := range known {
		known[i] = fieldName(into.Type().Field(i).Name)
	}
	for _, name := range sortedKeys(tree) {
		at := slices.Index(known, name)
		if at < 0 {
			l.refuse(place, "unknown field %q: want %s", name, strings.Join(known, ", "))
		}
		l.load(place+"."+name, tree[name], into.Field(at))
	}
}

// block makes a block of its type.
func (l *loader) block(place string, tree any) reflect.Value {
	if l.depth++; l.depth > mostNested {
		l.refuse(place, "more than %d blocks in each other", mostNested)
	}
	defer func() { l.depth-- }()
	fields := l.object(place, tree)
	kind := l.text(place+".type", fields["type"])
	var names []string
	for _, t := range blockTypes {
		if names = append(names, t.name); t.name != kind {
			continue
		}
		if t.of.Kind() == reflect.String {
			l.object(place, tree, "type", "text")
			return reflect.ValueOf(l.text(place+".text", fields["text"])).Convert(t.of)
		}
		rest := map[string]any{}
		for name, value := range fields {
			if name != "type" {
				rest[name] = value
			}
		}
		if t.of.Kind() == reflect.Pointer {
			v := reflect.New(t.of.Elem())
			l.fields(place, rest, v.Elem())
			return v
		}
		v := reflect.New(t.of).Elem()
		l.fields(place, rest, v)
		return v
	}
	l.refuse(place+".type", "%q: want %s", kind, strings.Join(names, ", "))
	panic("unreachable")
}

func (l *loader) cell(place string, tree any) Cell {
	if text, ok := tree.(string); ok {
		return Cell{text, text}
	}
	fields := l.object(place, tree, "text", cellCount, cellAmount, cellMoney, cellNumber, cellString)
	if len(fields) > 2 {
		l.refuse(place, "a cell has one value, got %s", strings.Join(sortedKeys(fields), ", "))
	}
	c := Cell{nil, l.text(place+".text", fields["text"])}
	for name, value := range fields {
		at := place + "." + name
		switch name {
		case cellCount:
			c.Value = l.integer(at, value)
		case cellAmount:
			n := l.integer(at, value)
			if n < 0 {
				l.refuse(at, "amount %d is below 0", n)
			}
			c.Value = Amount(n)
		case cellMoney:
			c.Value = replay.Money(l.integer(at, value))
		case cellNumber:
			c.Value = calibrate.Number(l.float(at, value))
		case cellString:
			c.Value = l.text(at, value)
		}
	}
	return c
}
