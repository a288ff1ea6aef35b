package dataset

import (
	"slices"
	"strings"
)

// Canonical names of the fields that every history may have. All others are named by their product and the vendor's own
// name (session.has_ai_agent, onboarding.phone.reason_codes) or, for columns of the user's own, by their path.
const (
	CustomerID   = "customer_id"
	SessionID    = "session_id"
	ResolutionID = "resolution_id"
	Timestamp    = "timestamp"
	Amount       = "amount"
	LabelField   = "label"
	LabelTime    = "label_time"
	ActionField  = "action"
	// StepUpOutcome and ReviewOutcome say what came of a step-up (passed, failed, abandoned) and of a review (approved, rejected)
	// of production.
	StepUpOutcome = "step_up_outcome"
	ReviewOutcome = "review_outcome"
)

// IDs lists the fields that labels can be joined by, in the order in which they are tried.
var IDs = []string{CustomerID, SessionID, ResolutionID}

// A Path is where a value sits in a record: the keys from the outside in, one for a flat column.
type Path []string

func (p Path) String() string { return strings.Join(p, ".") }

// A Mapping says where fields are in histories that use other names. The zero Mapping is the vendor's naming.
type Mapping struct {
	// Fields maps a canonical name to the path of the value, keys joined by dots. It replaces the detected places.
	Fields map[string]string
	// Bare is the product that a line without envelope is the response of; "" is session.
	Bare string
}

// A wanted field is one to read, with the places where it may be, best first: the first that holds a value wins.
type wanted struct {
	Field
	paths  []Path // for KindState: of the score
	status []Path // for KindState: of an explicit status
	object []Path // for KindState: of the whole response, whose presence alone says something
	mapped bool   // the places are the user's, not detected
}

// want returns where to look for f. A product's status is worked out from its whole response, so KindStatus looks where
// the product's KindState does.
func (m Mapping) want(f Field) wanted {
	w := wanted{Field: f, mapped: m.moved(f.Name)}
	product := f.Name
	switch f.Kind {
	case KindState:
	case KindStatus:
		product = strings.TrimSuffix(product, ".status")
	default:
		w.paths = m.places(f.Name)
		return w
	}
	w.mapped = w.mapped || m.moved(product+".score")
	w.paths = m.places(product + ".score")
	w.status = m.places(product + ".status")
	w.object = m.places(product)
	return w
}

// personal reports whether the values of a field are personal data by its name, or by that of a place where it may be.
func (w wanted) personal() bool {
	return Personal(w.Name) || slices.ContainsFunc(w.paths, func(p Path) bool { return Personal(p.String()) })
}

// moved reports whether the mapping says where the field, or the response that it belongs to, is.
func (m Mapping) moved(name string) bool {
	_, field := m.Fields[name]
	_, response := m.Fields[ProductOf(name)]
	return field || response
}

// places returns the paths at which the value of a canonical name may be.
func (m Mapping) places(name string) []Path {
	if p, found := m.Fields[name]; found {
		return withFlat(Path(strings.Split(p, ".")))
	}
	// A mapped response moves all its fields: onboarding: raw.hub puts onboarding.phone.score at raw.hub.phone.score.
	product := ProductOf(name)
	if p, found := m.Fields[product]; found && product != "" {
		var out []Path
		for _, q := range places(name, "") {
			if len(q) > 1 && q[0] == product {
				out = append(out, append(Path(strings.Split(p, ".")), q[1:]...))
			}
		}
		return out
	}
	return places(name, m.bare())
}

func (m Mapping) bare() string {
	if m.Bare == "" {
		return "session"
	}
	return m.Bare
}

// recordPlaces names the detected places of the envelope, beside the canonical name itself.
var recordPlaces = map[string][]string{
	CustomerID:   {"onboarding.customer_id"},
	SessionID:    {"session.session_id", "session.domain.session_id"},
	ResolutionID: {"onboarding.resolution_id"},
	Timestamp:    {"created_at", "event_time", "session.device_request_time", "session.domain.device_request_time", "device_request_time"},
	LabelField:   {"is_fraud"},
	ActionField:  {"decision"},

	StepUpOutcome: {"step_up.outcome", "challenge_outcome", "mfa_outcome"},
	ReviewOutcome: {"review.outcome", "manual_review_outcome"},
}

func places(name, bare string) []Path {
	var out []Path
	add := func(keys ...string) {
		for _, p := range withFlat(Path(keys)) {
			if !slices.ContainsFunc(out, func(q Path) bool { return slices.Equal(p, q) }) {
				out = append(out, p)
			}
		}
	}
	keys := strings.Split(name, ".")
	product := ProductOf(name)
	if product == "" {
		add(keys...)
		for _, p := range recordPlaces[name] {
			add(strings.Split(p, ".")...)
		}
		return out
	}
	rest := keys[1:]
	if len(rest) == 0 { // the response itself
		add(product)
		if product == "session" {
			add(product, "domain")
		}
		return out
	}
	switch {
	case product == "onboarding" && len(rest) == 1 && hubScore[rest[0]]:
		add("onboarding", "score", rest[0]) // the hub response keeps the product's own score in a claim named score
		add(keys...)
		add("score", rest[0])
		if rest[0] == "reason_codes" && bare == "session" {
			add("reason_codes") // a session has none, so a column without prefix is onboarding's
		}
	case product == "session":
		add(keys...)
		add("session", "domain", rest[0])
	default:
		add(keys...)
	}
	if product == "onboarding" && len(rest) == 2 {
		add("onboarding", rest[0]+"_"+rest[1]) // the flat form: onboarding.phone_score_cluster
		add(rest...)
	}
	// A response without envelope, and flat columns without the product's prefix. A bare status would be the record's own.
	if product == bare || len(rest) == 1 && !hubScore[rest[0]] {
		add(rest...)
		if product == "session" {
			add("domain", rest[0])
		}
	}
	return out
}

// hubScore holds the fields of onboarding's own score, which other products have under the same name.
var hubScore = map[string]bool{"score": true, "score_cluster": true, "reason_codes": true, "status": true}

// withFlat returns a path and its flat spellings: a.b as nested keys, as one key "a.b" and as one key "a_b".
func withFlat(p Path) []Path {
	if len(p) == 1 {
		return []Path{p}
	}
	return []Path{p, {strings.Join(p, ".")}, {strings.Join(p, "_")}}
}

// TreatmentOutcome returns which of StepUpOutcome and ReviewOutcome a field of a history would be read as; found is false for any
// other field.
func (d Discovered) TreatmentOutcome() (name string, found bool) {
	for _, name := range []string{StepUpOutcome, ReviewOutcome} {
		if d.Field.Name == name || slices.Contains(recordPlaces[name], d.Path.String()) {
			return name, true
		}
	}
	return "", false
}
