package dataset

import "strings"

// A form is what kind of JSON value stands at a place.
type form uint8

const (
	formNone   form = iota // no such key
	formNull               // null
	formString             // text is the content
	formScalar             // a number, true or false: text as it stands
	formObject             // text is the whole object
	formArray              // text is the whole list
)

// A value is what a record holds at one place. It is valid while its gen is the reader's: a counter instead of clearing,
// because most places of most records hold nothing.
type value struct {
	gen     uint64
	form    form
	escaped bool // text holds escapes
	badUTF8 bool
	text    []byte
}

// A node is one key on the way to a place where a wanted value may be. Nodes belong to one reader, so that what they learn
// of the data needs no lock.
type node struct {
	path   string
	kids   map[string]*node
	folded map[string]*node // by the lower-case spelling of the key, to notice keys in the wrong case
	quiet  bool
	val    value // its gen is the record in which the key was last met

	// What keys the objects here have, in the order of the last ones: see jsonReader.object.
	steps []step
	index map[string]int // key -> its step
	like  model
}

// A step is a key that an object is expected to have next.
type step struct {
	raw string // from the opening quote to the value, as it stood last: `"score": `
	kid *node  // nil for a key that is not in play

	varies bool // the value mostly differs from that in the model
}

// maxRaw bounds what is remembered of one step: a key may be long, and any space may follow it.
const maxRaw = 256

// maxSteps bounds what is remembered of an object whose keys are data, such as ids.
const maxSteps = 2048

// add returns the node at path below n. Keys of quiet nodes are not looked for in the wrong case, nor twice: they only
// help to recognise what a line is, and a history may have columns of that name.
func (n *node) add(path Path, quiet bool) *node {
	for _, key := range path {
		kid := n.kids[key]
		if kid == nil {
			kid = &node{path: key, quiet: true}
			if n.path != "" {
				kid.path = n.path + "." + key
			}
			if n.kids == nil {
				n.kids = map[string]*node{}
			}
			n.kids[key] = kid
		}
		if kid.quiet = kid.quiet && quiet; !quiet {
			if n.folded == nil {
				n.folded = map[string]*node{}
			}
			n.folded[strings.ToLower(key)] = kid
		}
		n = kid
	}
	return n
}

// find returns the node of a key, or nil; wrongCase tells that the key would be in play in another case.
func (n *node) find(key string) (kid *node, wrongCase bool) {
	if kid = n.kids[key]; kid != nil {
		return kid, false
	}
	_, wrongCase = n.folded[strings.ToLower(key)]
	return nil, wrongCase
}

// learn makes key the k-th step.
func (n *node) learn(k int, key, raw string, kid *node) {
	if len(n.steps) == maxSteps || len(raw) > maxRaw {
		return
	}
	if n.index == nil {
		n.index = map[string]int{}
	}
	n.like.steps, n.like.wait = 0, 0 // its steps are no longer numbered so
	n.steps = append(n.steps, step{})
	copy(n.steps[k+1:], n.steps[k:])
	n.steps[k] = step{raw: raw, kid: kid}
	for old, at := range n.index {
		if at >= k {
			n.index[old] = at + 1
		}
	}
	n.index[key] = k
}
