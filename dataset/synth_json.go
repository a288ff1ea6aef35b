package dataset

import (
	"strconv"
	"time"
)

// maxRecordBytes bounds a record without its segments; it only sizes buffers.
const maxRecordBytes = 4096

// envelopeNames are what no segment can be called: the fields of a synthetic record, and what the readers would take for
// something else (see places).
var envelopeNames = []string{"synthetic", CustomerID, Timestamp, "account_id", Amount, ActionField, "approval_probability",
	LabelField, LabelTime, "true_label", StepUpOutcome, ReviewOutcome, "session", "onboarding", "login", SessionID, ResolutionID,
	"created_at", "event_time", "device_request_time", "is_fraud", "decision", "domain", "score", "score_cluster",
	"reason_codes", "status", "phone", "email", "ip", "browser"}

// A jsonText appends JSON. Its strings are plain ASCII that needs no escapes.
type jsonText struct {
	b []byte
	// quoted writes numbers and booleans as strings.
	quoted bool
}

// key starts a member.
func (t *jsonText) key(name string) {
	if n := len(t.b); n > 0 && t.b[n-1] != '{' {
		t.b = append(t.b, ',')
	}
	t.b = append(t.b, '"')
	t.b = append(t.b, name...)
	t.b = append(t.b, `":`...)
}

func (t *jsonText) open(name string) {
	t.key(name)
	t.b = append(t.b, '{')
}

func (t *jsonText) close() { t.b = append(t.b, '}') }

func (t *jsonText) raw(name, value string) {
	t.key(name)
	t.b = append(t.b, value...)
}

func (t *jsonText) text(name, value string) {
	t.key(name)
	t.b = append(t.b, '"')
	t.b = append(t.b, value...)
	t.b = append(t.b, '"')
}

func (t *jsonText) scalar(name string, value func([]byte) []byte) {
	t.key(name)
	if t.quoted {
		t.b = append(t.b, '"')
	}
	t.b = value(t.b)
	if t.quoted {
		t.b = append(t.b, '"')
	}
}

func (t *jsonText) number(name string, v int) {
	t.scalar(name, func(b []byte) []byte { return strconv.AppendInt(b, int64(v), 10) })
}

func (t *jsonText) boolean(name string, v bool) {
	t.scalar(name, func(b []byte) []byte { return strconv.AppendBool(b, v) })
}

// id writes prefix and n as a string; ids of one length sort like their numbers.
func (t *jsonText) id(name, prefix string, n int64) {
	t.key(name)
	t.b = appendID(append(t.b, '"'), prefix, n)
	t.b = append(t.b, '"')
}

func appendID(b []byte, prefix string, n int64) []byte {
	return appendPadded(append(b, prefix...), n, 9)
}

func appendPadded(b []byte, n int64, digits int) []byte {
	for limit := int64(10); digits > 1; digits-- {
		if n < limit {
			for range digits - 1 {
				b = append(b, '0')
			}
			break
		}
		limit *= 10
	}
	return strconv.AppendInt(b, n, 10)
}

func (t *jsonText) time(name string, seconds int64) {
	t.key(name)
	t.b = append(t.b, '"')
	t.b = time.Unix(seconds, 0).UTC().AppendFormat(t.b, time.RFC3339)
	t.b = append(t.b, '"')
}

// scored writes a score and its cluster.
func (t *jsonText) scored(score int) {
	t.number("score", score)
	t.text("score_cluster", clusterNames[scorecard(score)])
}

const (
	customerPrefix   = "synth-c"
	accountPrefix    = "synth-a"
	sessionPrefix    = "synth-s"
	resolutionPrefix = "synth-r"
)

// appendLabel appends a line of the training-set CSV, or nothing where the label is not known.
func (s *synthesizer) appendLabel(b []byte, r *synthRecord) []byte {
	if r.label == Unlabeled {
		return b
	}
	b = append(appendID(b, customerPrefix, r.n), ',')
	return append(append(b, vendorLabels[r.label]...), '\n')
}

// vendorLabels are the words of the vendor's training set.
var vendorLabels = [NumLabels]string{Unlabeled: "", Legit: "ok", Fraud: "ko"}

// appendRecord appends a line of JSON.
func (s *synthesizer) appendRecord(b []byte, r *synthRecord) []byte {
	t := jsonText{b: append(b, '{')}
	t.raw("synthetic", "true")
	t.id(CustomerID, customerPrefix, r.n)
	t.time(Timestamp, r.at)
	t.id("account_id", accountPrefix, r.account)
	for i, seg := range s.segments {
		t.text(seg.name, seg.values[r.values[i]])
	}
	t.key(Amount)
	t.b = append(strconv.AppendInt(t.b, r.cents/100, 10), '.')
	t.b = appendPadded(t.b, r.cents%100, 2)
	if r.action != NoAction {
		t.text(ActionField, actionNames[r.action])
	}
	if s.Outcomes {
		if field, value := s.outcome(r); field != "" {
			t.text(field, value)
		}
	}
	if s.Exploration > 0 {
		t.key("approval_probability")
		t.b = strconv.AppendFloat(t.b, r.approval, 'g', -1, 64)
	}
	s.labels(&t, r)
	if s.Login {
		s.login(&t, r)
	} else {
		s.session(&t, r)
		s.onboarding(&t, r)
	}
	return append(t.b, '}', '\n')
}

func (s *synthesizer) labels(t *jsonText, r *synthRecord) {
	switch {
	case s.NoLabels:
	case r.label == Unlabeled:
		t.raw(LabelField, "null")
	default:
		t.text(LabelField, vendorLabels[r.label])
		t.time(LabelTime, r.labelAt)
	}
	if s.TrueLabel {
		t.text("true_label", vendorLabels[labelOf(r.fraud)])
	}
}

// unanswered writes what stands in the place of a response, and reports whether there is none.
func (t *jsonText) unanswered(product string, status Status, null bool) bool {
	switch status {
	case OK:
		return false
	case NotCalled:
	case Processing:
		t.raw(product, `{"status":"processing","message":"The request is still being processed"}`)
	case Failed:
		t.raw(product, `{"status":500,"message":"Internal server error"}`)
	default:
		body := `{"status":404,"message":"Not found"}`
		if null {
			body = "null"
		}
		t.raw(product, body)
	}
	return true
}

func (s *synthesizer) session(t *jsonText, r *synthRecord) {
	if t.unanswered("session", r.first, r.nullAnswer) {
		return
	}
	t.open("session")
	t.quoted = s.Strings
	t.scored(r.session)
	s.device(t, r)
	t.quoted = false
	t.close()
}

// device writes what session and login have in common.
func (s *synthesizer) device(t *jsonText, r *synthRecord) {
	t.id(SessionID, sessionPrefix, r.n)
	t.time("device_request_time", r.at)
	t.text("app_key", "TFB-synthetic")
	for i := range sessionSigns {
		t.boolean(sessionSigns[i].name, r.signals[i])
	}
	t.number("mouse_movement", r.movement)
	t.number("click_count", r.movement/8)
	t.number("time_elapsed_ms", 900+137*r.movement)
	t.ip("ip", r)
	if s.Details {
		t.deviceDetail(s.detail(r))
	}
}

// ip writes an address of TEST-NET-1, which belongs to nobody. The records of an account share it.
func (t *jsonText) ip(name string, r *synthRecord) {
	t.key(name)
	t.b = strconv.AppendUint(append(t.b, `"192.0.2.`...), scramble(uint64(r.account))%256, 10)
	t.b = append(t.b, '"')
}

func (s *synthesizer) onboarding(t *jsonText, r *synthRecord) {
	if t.unanswered("onboarding", r.second, false) {
		return
	}
	t.open("onboarding")
	t.id(ResolutionID, resolutionPrefix, r.n)
	var detail synthDetail
	if s.Details {
		detail = s.detail(r)
	}
	for i, score := range [...]int{r.onboarding, r.phone, r.email, r.ip} {
		c := hubClaims[i]
		t.open(c.name)
		switch c.name {
		case "phone":
			t.key("phone_number")
			t.b = appendPadded(append(t.b, `"+447700900`...), r.n%1000, 3)
			t.b = append(t.b, '"')
			if s.Details {
				t.phoneDetail(detail)
			}
		case "email":
			t.key("email")
			t.b = appendID(append(t.b, '"'), customerPrefix, r.n)
			t.b = append(t.b, `@example.com"`...)
			if s.Details {
				t.emailDetail(detail)
			}
		case "ip":
			t.ip("ip", r)
			t.boolean("ip_is_vpn", r.signals[vpnSignal])
		}
		t.scored(score)
		t.codes(c, r)
		t.close()
	}
	t.close()
}

func (t *jsonText) codes(c hubClaim, r *synthRecord) {
	t.key("reason_codes")
	t.b = append(t.b, '"')
	start := len(t.b)
	for i := c.from; i < c.to; i++ {
		if r.codes[i] {
			t.item(claimCodes[i].name, start)
		}
	}
	t.b = append(t.b, '"')
}

// item appends an element of the comma-separated list that began at start.
func (t *jsonText) item(code string, start int) {
	if len(t.b) > start {
		t.b = append(t.b, ',')
	}
	t.b = append(t.b, code...)
}

func (s *synthesizer) login(t *jsonText, r *synthRecord) {
	if t.unanswered("login", r.first, r.nullAnswer) {
		return
	}
	t.open("login")
	t.quoted = s.Strings
	t.scored(r.session)
	s.device(t, r)
	t.key("reason_codes")
	t.b = append(t.b, '"')
	start := len(t.b)
	for i, code := range loginCodes {
		if r.codes[loginDraws[i]] {
			t.item(code, start)
		}
	}
	t.b = append(t.b, '"')
	t.quoted = false
	t.close()
}
