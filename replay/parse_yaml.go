package replay

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits of a configuration file. A policy at its largest, 64 rules of the longest conditions, is a quarter of the size, has
// a tenth of the tokens and is three levels deep. The parser's time grows with the square of the tokens.
const (
	maxFileBytes  = 1 << 20
	maxFileDepth  = 16
	maxFileTokens = 10_000
	// maxFileErrors are reported; whoever made more is helped by the first.
	maxFileErrors = 100
)

// A FileError is a mistake at a place of a policy or mapping file. Line and column count from 1, columns in characters.
type FileError struct {
	File      string
	Line, Col int
	Msg       string
}

func (e FileError) Error() string { return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg) }

// FileErrors are all the mistakes of a file, in the order of their places. Error gives each its line.
type FileErrors []FileError

func (e FileErrors) Error() string {
	lines := make([]string, len(e))
	for i, f := range e {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// A document is a YAML file being read. Its methods report mistakes and go on, so that all are found at once.
//
// Note: decoding into structs was tried first; the library then reports one mistake at a time, ignores every document but
// the first, and reads 0451 as 297.
type document struct {
	file string
	src  []byte
	errs FileErrors
}

// A pos is a place in a document, from 1.
type pos struct{ line, col int }

func (d *document) fail(at pos, format string, args ...any) {
	d.errs = append(d.errs, FileError{d.file, at.line, at.col, fmt.Sprintf(format, args...)})
}

// err returns the mistakes found, nil where there are none.
func (d *document) err() error {
	if len(d.errs) == 0 {
		return nil
	}
	slices.SortStableFunc(d.errs, func(a, b FileError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	d.errs = slices.Compact(d.errs)
	return d.errs[:min(len(d.errs), maxFileErrors)]
}

// place returns where a node is.
func place(n ast.Node) pos {
	if m, isMap := n.(*ast.MappingNode); isMap && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	if t := n.GetToken(); t != nil {
		return tokenPlace(t)
	}
	return pos{1, 1}
}

func tokenPlace(t *token.Token) pos {
	if t == nil || t.Position == nil {
		return pos{1, 1}
	}
	return pos{t.Position.Line, t.Position.Column}
}

// readDocument parses a file of one YAML document, or JSON, without anchors, tags and the like. The root is nil where
// errors make it useless. what names the kind of file.
func readDocument(file, what string, src []byte) (d *document, root ast.Node) {
	src = bytes.TrimPrefix(src, []byte("\ufeff")) // as editors on Windows begin a file
	d = &document{file: file, src: src}
	defer func() {
		if r := recover(); r != nil { // the library panics on some malformed files
			d.fail(pos{1, 1}, "not a %s: malformed YAML", what)
			root = nil
		}
	}()
	switch {
	case len(src) > maxFileBytes:
		d.fail(pos{1, 1}, "file of %d bytes: want a %s of at most %d", len(src), what, maxFileBytes)
		return d, nil
	case !utf8.Valid(src):
		d.fail(pos{1, 1}, "not UTF-8: want a %s as text", what)
		return d, nil
	}
	tokens := lexer.Tokenize(string(src))
	if !d.screen(tokens) {
		return d, nil
	}
	f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.failYAML(err)
		return d, nil
	}
	for _, doc := range f.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.NullType {
			continue
		}
		if root != nil {
			d.fail(place(doc.Body), "second document: want one %s in a file", what)
			break
		}
		root = doc.Body
	}
	if root == nil {
		d.fail(pos{1, 1}, "empty file: want a %s", what)
	}
	return d, root
}

// failYAML reports a syntax error of the library, whose text ends in a drawing that has no place in a list.
func (d *document) failYAML(err error) {
	var e interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if errors.As(err, &e) {
		d.fail(tokenPlace(e.GetToken()), "malformed YAML: %s", e.GetMessage())
		return
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	d.fail(pos{1, 1}, "malformed YAML: %s", first)
}

// screen refuses what the format has no use for, before the parser, which recurses, meets it: deep nesting, anchors,
// aliases, merge keys, tags, directives and explicit keys.
func (d *document) screen(tokens token.Tokens) bool {
	refused := map[token.Type]string{
		token.AnchorType: "an anchor (&)", token.AliasType: "an alias (*)", token.MergeKeyType: "a merge key (<<)",
		token.TagType: "a tag (!)", token.DirectiveType: "a directive (%)", token.MappingKeyType: "an explicit key (?)",
	}
	ok, depth, line, entries := true, 0, 0, 0
	for i, t := range tokens {
		if i == maxFileTokens {
			d.fail(tokenPlace(t), "file is too long: want at most %d values and marks", maxFileTokens)
			return false
		}
		if what, bad := refused[t.Type]; bad {
			d.fail(tokenPlace(t), "%s cannot be used here: want plain keys and values", what)
			ok = false
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth--
		case token.SequenceEntryType:
			if p := tokenPlace(t); p.line != line {
				line, entries = p.line, 0
			}
			entries++
		}
		if depth > maxFileDepth || entries > maxFileDepth {
			d.fail(tokenPlace(t), "nested too deep: want at most %d levels", maxFileDepth)
			return false
		}
	}
	return ok
}

// An entry is a key of a mapping and its value.
type entry struct {
	key   string
	at    pos
	value ast.Node
}

// mapping returns the entries of a mapping whose keys are unique and among allowed; nil allows every key. what names the
// mapping in messages.
func (d *document) mapping(n ast.Node, what string, allowed []string) (entries []entry, ok bool) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		d.fail(place(n), "%s is %s: want a mapping of %s", what, describe(n), listed(allowed))
		return nil, false
	}
	seen := map[string]pos{}
	for _, v := range values {
		e := entry{keyText(v.Key), tokenPlace(v.Key.GetToken()), v.Value}
		if first, again := seen[e.key]; again {
			d.fail(e.at, "duplicate key %s in %s: want each key once, it is also on line %d", quoted(e.key), what, first.line)
			continue
		}
		seen[e.key] = e.at
		if allowed != nil && !slices.Contains(allowed, e.key) {
			d.fail(e.at, "unknown key %s in %s: want %s", quoted(e.key), what, suggestion(e.key, allowed))
			continue
		}
		entries = append(entries, e)
	}
	return entries, true
}

func keyText(k ast.MapKeyNode) string {
	if s, isText := k.(*ast.StringNode); isText {
		return s.Value
	}
	return strings.TrimSpace(k.GetToken().Value)
}

// text returns a value that YAML reads as a text. A number, a boolean or null in its place is a mistake: 0451 or null
// would otherwise become something else without a word.
func (d *document) text(e entry, want string) (string, bool) {
	if _, scalar := e.value.(ast.ScalarNode); scalar && e.value.Type() != ast.NullType {
		want += ", in quotes if it is meant as text"
	}
	return d.word(e, e.key, want)
}

// word is text for values of a fixed vocabulary, which quotes would not help; what names the entry in messages.
func (d *document) word(e entry, what, want string) (string, bool) {
	switch n := e.value.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	}
	d.fail(place(e.value), "%s is %s: want %s", what, describe(e.value), want)
	return "", false
}

// integer returns a plain decimal integer: 0451, 4_51, 0x1c3 and 451.0 are mistakes.
func (d *document) integer(n ast.Node, what, want string) (int, bool) {
	i, isInteger := n.(*ast.IntegerNode)
	text := ""
	if isInteger {
		text = i.GetToken().Value
	}
	v := 0
	for _, c := range []byte(text) {
		if c < '0' || c > '9' || len(text) > 9 || text[0] == '0' && len(text) > 1 {
			isInteger = false
			break
		}
		v = v*10 + int(c-'0')
	}
	if !isInteger {
		d.fail(place(n), "%s is %s: want %s", what, describe(n), want)
	}
	return v, isInteger
}
