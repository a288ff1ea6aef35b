package reports

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// A document in JSON is what loadDocument makes a Document of again, so that every form of it can be written without the data. It
// is made field by field from the types themselves: a field that somebody adds to a block or to a picture is in it without a word
// here. Names are those of the fields in snake_case; what is zero or empty is left out; a block says its "type" first.
//
// A number that is not finite is null. A text that is not UTF-8 has the replacement character in its place, which is what every
// writer prints of it.

// blockTypes are the blocks by the names that they have in a file.
var blockTypes = []struct {
	name string
	of   reflect.Type
}{
	{"heading", reflect.TypeFor[Heading]()}, {"subheading", reflect.TypeFor[Subheading]()}, {"paragraph", reflect.TypeFor[Paragraph]()},
	{"table", reflect.TypeFor[*Table]()}, {"bars", reflect.TypeFor[Bars]()}, {"notes", reflect.TypeFor[Notes]()}, {"key_values", reflect.TypeFor[KeyValues]()},
	{"details", reflect.TypeFor[Details]()}, {"figure", reflect.TypeFor[Figure]()}, {"box", reflect.TypeFor[Box]()}, {"code", reflect.TypeFor[Code]()},
}

// enumNames are the values of small types by the names that they have in a file, in order from 0.
var enumNames = map[reflect.Type][]string{
	reflect.TypeFor[Align](): {"left", "right"}, reflect.TypeFor[Tone](): {"neutral", "good", "bad"},
	reflect.TypeFor[MarkKind](): {"policy", "champion", "recommended", "runner_up"},
}

// cellKinds are the keys under which cells keep values that are not their text.
const (
	cellCount  = "count"
	cellAmount = "amount" // minor units
	cellMoney  = "money"  // millionths of a major unit
	cellNumber = "number"
	cellString = "string"
)

var (
	blockType = reflect.TypeFor[Block]()
	cellType  = reflect.TypeFor[Cell]()
)

// documentJSON is the value of a document in a file: title, blocks and the tidy table.
func documentJSON(d Document) any {
	out := object{{"title", saveText(d.Title)}, {"blocks", saveValue(reflect.ValueOf(d.Blocks))}}
	if d.Tidy != nil {
		out = append(out, member{"tidy", saveValue(reflect.ValueOf(d.Tidy).Elem())})
	}
	return out
}

func saveText(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// saveValue returns what stands for a value in JSON. It panics on a type that no block has, which a test of every block finds.
func saveValue(v reflect.Value) any {
	switch {
	case v.Type() == blockType:
		return saveBlock(v.Elem())
	case v.Type() == cellType:
		return saveCell(v.Interface().(Cell))
	case enumNames[v.Type()] != nil:
		return enumNames[v.Type()][v.Uint()]
	}
	switch v.Kind() {
	case reflect.String:
		return saveText(v.String())
	case reflect.Bool:
		return v.Bool()
	case reflect.Int64, reflect.Int:
		return v.Int()
	case reflect.Float64:
		if !finite(v.Float()) {
			return nil
		}
		return v.Float()
	case reflect.Pointer:
		return saveValue(v.Elem())
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = saveValue(v.Index(i))
		}
		return list
	case reflect.Struct:
		return saveFields(nil, v)
	}
	panic(fmt.Sprintf("reports: no JSON form of a %v", v.Type()))
}

func saveBlock(v reflect.Value) any {
	for _, t := range blockTypes {
		if t.of != v.Type() {
			continue
		}
		out := object{{"type", t.name}}
		switch v.Kind() {
		case reflect.String:
			return append(out, member{"text", saveText(v.String())})
		case reflect.Pointer:
			v = v.Elem()
		}
		return saveFields(out, v)
	}
	panic(fmt.Sprintf("reports: no JSON form of the block %v", v.Type()))
}

func saveFields(out object, v reflect.Value) object {
	if out == nil {
		out = object{}
	}
	for i := range v.NumField() {
		f := v.Field(i)
		if empty := f.IsZero() || f.Kind() == reflect.Slice && f.Len() == 0; !empty {
			out = append(out, member{fieldName(v.Type().Field(i).Name), saveValue(f)})
		}
	}
	return out
}

// fieldName turns FieldName into field_name.
func fieldName(name string) string {
	var b strings.Builder
	for i, r := range name {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// saveCell is a text for a cell whose value is its text, and else an object of the text and of the value under the key of its kind.
func saveCell(c Cell) any {
	text := saveText(c.Text)
	out := object{{"text", text}}
	switch v := c.Value.(type) {
	case nil:
		return out
	case string:
		if v == c.Text {
			return text
		}
		return append(out, member{cellString, saveText(v)})
	case int64:
		return append(out, member{cellCount, v})
	case Amount:
		return append(out, member{cellAmount, int64(v)})
	case replay.Money:
		return append(out, member{cellMoney, int64(v)})
	case calibrate.Number:
		return append(out, member{cellNumber, saveValue(reflect.ValueOf(v))})
	}
	panic(fmt.Sprintf("reports: no JSON form of a cell's %T", c.Value))
}
