package dataset

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// A body is a place where a whole response may be, with the keys that tell an error from an answer.
type body struct {
	*node
	// weak places are guesses, such as the user's own column "phone" that may or may not be a response: what is no object
	// there is ignored rather than an issue.
	weak   bool
	codes  []*node // status_code and the like
	errors []*node // error, errors
}

func newBody(n *node, codes ...string) body {
	b := body{node: n}
	for _, key := range codes {
		b.codes = append(b.codes, n.add(Path{key}, true))
	}
	for _, key := range []string{"error", "errors"} {
		b.errors = append(b.errors, n.add(Path{key}, true))
	}
	return b
}

func (p *placement) bodies(w wanted, response string, prefix Path) []body {
	var out []body
	canonical := withFlat(strings.Split(response, "."))
	for _, path := range w.object {
		if len(path) < len(prefix) || !slices.Equal(path[:len(prefix)], prefix) {
			continue
		}
		b := newBody(p.root.add(path[len(prefix):], false), "status_code", "statusCode", "code")
		b.weak = !w.mapped && !slices.ContainsFunc(canonical, func(c Path) bool { return slices.Equal(c, path) })
		out = append(out, b)
	}
	return out
}

// read returns what a response without a score says, NoScore where it says nothing.
func (b *body) read(p *placement) State {
	for _, n := range b.codes {
		if n.val.gen != p.gen || n.val.form != formScalar && n.val.form != formString {
			continue
		}
		code, err := strconv.Atoi(string(bytes.TrimSpace(p.content(&n.val))))
		switch {
		case err != nil:
		case code == 404:
			return Missing.state()
		case code == 202:
			return Processing.state()
		case code >= 400:
			return Failed.state()
		}
	}
	if b.failed(p) {
		return Failed.state()
	}
	return NoScore
}

// failed reports whether the response carries an error. {"error":null} does not.
func (b *body) failed(p *placement) bool {
	for _, n := range b.errors {
		v := &n.val
		if v.gen != p.gen {
			continue
		}
		switch v.form {
		case formNone, formNull:
		case formScalar:
			if string(v.text) != "false" && string(v.text) != "0" {
				return true
			}
		default:
			if text := bytes.TrimSpace(p.content(v)); len(text) > 0 && string(text) != "[]" && string(text) != "{}" {
				return true
			}
		}
	}
	return false
}

// A shape tells a line with an envelope from one that is a bare response.
type shape struct {
	whole    bool    // the text is the whole record
	envelope []*node // keys that only an envelope has
	hub      []*node // keys whose value is an object in the onboarding (hub) response only
	bare     string  // the product that a bare response belongs to where it is not the hub's, "" where none is wanted
	top      body
	status   *node

	gen      uint64 // the record that response is for
	response string
	isHub    bool
}

func (s *shape) init(root *node, whole bool) {
	if s.whole = whole; !whole {
		return
	}
	for _, key := range []string{"session", "onboarding", "login"} {
		s.envelope = append(s.envelope, root.add(Path{key}, true))
	}
	for _, key := range []string{"score", "phone", "email", "ip"} {
		s.hub = append(s.hub, root.add(Path{key}, true))
	}
	// A column "code" of the user's own is too likely for it to mean an error at the top of a record.
	s.top = newBody(root, "status_code", "statusCode")
	s.status = root.add(Path{"status"}, true)
}

// accept notes the product whose score may stand at the top of a record.
func (s *shape) accept(t target) {
	for _, at := range t.spots {
		if at.bare && at.path == "score" {
			s.bare = t.response
		}
	}
}

// bareResponse returns the product that the current record is the bare response of, or "".
func (s *shape) bareResponse(gen uint64) string {
	if s.gen == gen {
		return s.response
	}
	s.gen, s.response, s.isHub = gen, "", false
	if !s.whole || slices.ContainsFunc(s.envelope, func(n *node) bool { return n.val.gen == gen }) {
		return ""
	}
	s.isHub = slices.ContainsFunc(s.hub, func(n *node) bool { return n.val.gen == gen && n.val.form == formObject })
	if s.response = s.bare; s.isHub {
		s.response = "onboarding"
	}
	return s.response
}

// isBare reports whether the current record is the bare response of t.
func (p *placement) isBare(t *target) bool {
	return p.shape.bareResponse(p.gen) == t.response && t.response != ""
}

// state works out what became of a product: see DESIGN, section 2, "A product can be". An explicit status other than ok
// wins, then the score, then what the response says of itself.
func (p *placement) state(b *Batch, i int, t *target) State {
	score := p.value(t)
	if k := p.first(t.status, t); k >= 0 {
		at := &t.status[k]
		st, kind := p.status(&at.val)
		switch {
		case kind != ok && score == nil && p.failed(t):
			return Failed.state()
		case kind != ok && at.bare: // a column "status" of the user's own
		case kind != ok:
			t.reject(b, i, BadStatus, ".status", at.val.text)
			return 0
		case st != OK && st != Absent:
			return st.state()
		case score == nil && !at.bare:
			return p.response(b, i, t, NoScore)
		}
	}
	if score == nil {
		return p.response(b, i, t, Absent.state())
	}
	if score.form >= formObject {
		t.reject(b, i, BadType, ".score", nil)
		return 0
	}
	text := p.content(score)
	st, kind := parseScore(text)
	if kind != ok {
		t.reject(b, i, kind, ".score", text)
		return 0
	}
	if st == Absent.state() { // "null" in quotes
		return p.response(b, i, t, st)
	}
	return st
}

func (p *placement) status(v *value) (Status, IssueKind) {
	if v.form >= formObject {
		return Absent, BadStatus
	}
	return parseStatus(p.content(v))
}

// failed reports whether any response of the product is an error body.
func (p *placement) failed(t *target) bool {
	for k := range t.bodies {
		if t.bodies[k].failed(p) {
			return true
		}
	}
	return p.isBare(t) && p.shape.top.failed(p)
}

// response returns the state of a product without a score. absent is the state where there is no response at all.
func (p *placement) response(b *Batch, i int, t *target, absent State) State {
	st := absent
	for k := range t.bodies {
		at := &t.bodies[k]
		v := &at.val
		switch {
		case v.gen != p.gen || v.form <= formNull:
		case v.form == formObject:
			if said := at.read(p); said != NoScore {
				return said
			}
			st = NoScore
		case at.weak || v.form == formString && len(bytes.TrimSpace(v.text)) == 0:
		default:
			t.reject(b, i, BadResponse, "", nil) // it may be anything, also what the user typed
			return 0
		}
	}
	if st == Absent.state() && p.isBare(t) {
		return p.bareState()
	}
	return st
}

// bareState returns the state of a line that is a response without a score. An envelope without any response looks the
// same, so silence means absent, except in a hub response, which is known by its parts.
func (p *placement) bareState() State {
	if v := &p.shape.status.val; v.gen == p.gen && v.form > formNull {
		if st, kind := p.status(v); kind == ok && st != OK && st != Absent {
			return st.state()
		}
	}
	st := p.shape.top.read(p)
	if st == NoScore && !p.shape.isHub {
		return Absent.state()
	}
	return st
}
