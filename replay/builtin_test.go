package replay

import (
	"fmt"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
)

// The functions below are the sample code of the vendor's pages, line by line: integration-guide (use cases 1 to 3),
// session-onboarding-guide (waterfall, combined, combine_decision) and the login page. A body is a parsed JSON response,
// nil where the call had none. They know nothing of this package.
type body map[string]any

// text is data.get(key, ""): "" stands for Python's None too, which equals none of the texts compared with.
func (b body) text(key string) string {
	s, _ := b[key].(string)
	return s
}

// truth is data.get(key, False) as a condition. To Python the text "false" is true. Here it is false: the API sends
// booleans as texts, and a session on which everything is "false" is not a bot to anybody.
func (b body) truth(key string) bool {
	switch v := b[key].(type) {
	case bool:
		return v
	case string:
		return v == "true"
	}
	return false
}

func isOneOf(s string, list ...string) bool {
	for _, x := range list {
		if s == x {
			return true
		}
	}
	return false
}

// checkOnboarding is check_onboarding after response.json(); reject is block, accept is approve.
func checkOnboarding(data body) string {
	phone, email, ip := data.text("phone_score_cluster"), data.text("email_score_cluster"), data.text("ip_score_cluster")
	if isOneOf("very_low", phone, email, ip) {
		return "block"
	}
	if isOneOf("low", phone, email, ip) {
		return "review"
	}
	if isOneOf("review", phone, email, ip) {
		return "review"
	}
	var codes []string
	for _, field := range []string{"phone_reason_codes", "email_reason_codes", "ip_reason_codes"} {
		list := data.text(field)
		for list != "" {
			i := 0
			for i < len(list) && list[i] != ',' {
				i++
			}
			codes = append(codes, list[:i])
			list = list[min(i+1, len(list)):]
		}
	}
	for _, c := range codes {
		if isOneOf(c, "RP001", "RE002", "RE005", "RI003") {
			return "review"
		}
	}
	return "approve"
}

// evaluateSession is evaluate_session; challenge is step_up, allow is approve.
func evaluateSession(data body) string {
	if data.truth("has_automated_browser") || data.truth("has_ai_agent") || data.truth("navigator_web_driver") {
		return "block"
	}
	if data.truth("has_spoofed_device") {
		return "block"
	}
	if isOneOf(data.text("score_cluster"), "very_low", "low") {
		return "step_up"
	}
	return "approve"
}

// evaluateLogin is evaluate_login; allow_with_monitoring is monitor.
func evaluateLogin(data body) string {
	cluster := data.text("score_cluster")
	if isOneOf(cluster, "very_low", "low") {
		return "step_up"
	}
	if cluster == "review" {
		return "monitor"
	}
	return "approve"
}

// recommendedLogin is the list under "Dynamic Scoring for Subsequent Logins", with "Register the first enrollment" for a
// login without a score.
func recommendedLogin(data body) string {
	switch data.text("score_cluster") {
	case "high", "very_high":
		return "approve"
	case "review":
		return "step_up"
	case "low", "very_low":
		return "block"
	}
	return "step_up"
}

// combineDecision is combine_decision. Without the onboarding cluster the code raises KeyError while it builds its answer,
// which was to be review.
func combineDecision(session, onboarding body) string {
	s, o := session.text("score_cluster"), onboarding.text("score_cluster")
	if isOneOf(s, "high", "very_high") && isOneOf(o, "high", "very_high") {
		return "approve"
	}
	if isOneOf(s, "very_low", "low") || isOneOf(o, "very_low", "low") {
		return "block"
	}
	return "review"
}

// combineTable is the table under "Combining Scores"; what it does not list is reviewed, as in the code.
func combineTable(session, onboarding body) string {
	if session.text("score_cluster") == "review" && isOneOf(onboarding.text("score_cluster"), "high", "very_high") {
		return "step_up"
	}
	return combineDecision(session, onboarding)
}

// handleSignup is handle_signup. A session without a cluster matches none of the clusters that the code looks for.
func handleSignup(session, onboarding body, combine func(s, o body) string) string {
	if session == nil {
		return "review"
	}
	if isOneOf(session.text("score_cluster"), "high", "very_high") {
		return "approve"
	}
	if isOneOf(session.text("score_cluster"), "very_low", "low") {
		return "block"
	}
	return combine(session, onboarding)
}

// handleSignupCombined is handle_signup_combined.
func handleSignupCombined(session, onboarding body, combine func(s, o body) string) string {
	if session == nil {
		if isOneOf(onboarding.text("score_cluster"), "high", "very_high") {
			return "approve"
		}
		return "review"
	}
	return combine(session, onboarding)
}

// answers are all that can be said of a cluster: each of them, a response without one, and the ways of having no response.
var answers = append(recordedAnswers(), Answer{State: dataset.NoScore}, Answer{State: dataset.State(dataset.Missing)},
	Answer{State: dataset.State(dataset.Processing)}, Answer{State: dataset.State(dataset.Failed)})

func recordedAnswers() []Answer {
	var out []Answer
	for _, c := range dataset.Clusters {
		out = append(out, Answer{State: dataset.Scored(500), Cluster: c})
	}
	return out
}

// response is the body that the sample code gets: None for a call without a result.
func (a Answer) response() body {
	if a.State.Status() != dataset.OK {
		return nil
	}
	if a.Cluster == dataset.NoCluster {
		return body{}
	}
	return body{"score_cluster": a.Cluster.String()}
}

func TestBuiltinPairs(t *testing.T) {
	for name, sample := range map[string]func(s, o body) string{
		"guide-waterfall": func(s, o body) string { return handleSignup(s, o, combineDecision) },
		"table-waterfall": func(s, o body) string { return handleSignup(s, o, combineTable) },
		"guide-combined":  func(s, o body) string { return handleSignupCombined(s, o, combineDecision) },
		"table-combined":  func(s, o body) string { return handleSignupCombined(s, o, combineTable) },
	} {
		p, _ := Builtin(name)
		for _, s := range append(answers, Answer{}) {
			for _, o := range answers {
				got, want := p.Decide(Case{First: s, Second: o}), sample(s.response(), o.response())
				if got.Action.String() != want {
					t.Errorf("%s: session %v, onboarding %v: got %s, the guide says %s", name, s, o, got.Action, want)
				}
				waterfall := name == "guide-waterfall" || name == "table-waterfall"
				unclustered := s == Answer{State: dataset.NoScore}
				if wantCall := !waterfall || unclustered || s.Cluster == dataset.ReviewCluster; got.Called != wantCall {
					t.Errorf("%s: session %v: called %v, want %v", name, s, got.Called, wantCall)
				}
			}
		}
	}
}

func TestBuiltinLogins(t *testing.T) {
	for name, sample := range map[string]func(body) string{"guide-login": evaluateLogin, "login-recommended": recommendedLogin} {
		p, _ := Builtin(name)
		for _, a := range append(answers, Answer{}) {
			if got, want := p.Decide(Case{First: a}).Action.String(), sample(a.response()); got != want {
				t.Errorf("%s: login %v: got %s, the guide says %s", name, a, got, want)
			}
		}
	}
}

func TestBuiltinSession(t *testing.T) {
	p, _ := Builtin("guide-session")
	signals := []string{"has_automated_browser", "has_ai_agent", "navigator_web_driver", "has_spoofed_device"}
	values := []any{nil, false, true, "false", "true"}
	var records []record
	for n := range 5 * 5 * 5 * 5 {
		r := record{}
		for _, s := range signals {
			if v := values[n%5]; v != nil {
				r["session."+s] = v == true || v == "true"
			}
			n /= 5
		}
		records = append(records, r)
	}
	fired := fire(t, p, records)
	for n := range records {
		data := body{}
		m := n
		for _, s := range signals {
			if v := values[m%5]; v != nil {
				data[s] = v
			}
			m /= 5
		}
		for _, a := range append(answers, Answer{}) {
			data["score_cluster"] = a.response()["score_cluster"]
			if got, want := p.Decide(Case{First: a, Fired: fired[n]}).Action.String(), evaluateSession(data); got != want {
				t.Errorf("session %v, signals %v: got %s, the guide says %s", a, data, got, want)
			}
		}
	}
}

func TestBuiltinOnboarding(t *testing.T) {
	p, _ := Builtin("guide-onboarding")
	clusters := append([]dataset.Cluster{dataset.NoCluster}, dataset.Clusters...)
	codes := []string{"", "TP001", "RP001", "RE002,TP001", "TI002,RE005", "RI003"}
	parts := []string{"phone", "email", "ip"}
	var records []record
	var want []string
	for n := range 6 * 6 * 6 * 6 * 6 * 6 {
		r, data := record{}, body{}
		for _, part := range parts {
			if c := clusters[n%6]; c != dataset.NoCluster {
				r["onboarding."+part+".score_cluster"], data[part+"_score_cluster"] = c.String(), c.String()
			}
			n /= 6
			if list := codes[n%6]; list != "" {
				r["onboarding."+part+".reason_codes"], data[part+"_reason_codes"] = list, list
			}
			n /= 6
		}
		records, want = append(records, r), append(want, checkOnboarding(data))
	}
	for i, fired := range fire(t, p, records) {
		for _, a := range []Answer{answers[0], answers[4], {}} {
			if got := p.Decide(Case{First: a, Fired: fired}).Action.String(); got != want[i] {
				t.Fatalf("record %v: got %s, the guide says %s", records[i], got, want[i])
			}
		}
	}
}

// The critical codes are looked for in the three parts, not among the codes of the hub's own score.
func TestBuiltinOnboardingIgnoresHubCodes(t *testing.T) {
	p, _ := Builtin("guide-onboarding")
	for _, r := range p.Rules {
		for _, f := range r.When.Fields {
			if f.Name == "onboarding.reason_codes" {
				t.Errorf("rule %s reads %s", r.Name, f.Name)
			}
		}
	}
}

func TestBuiltinNames(t *testing.T) {
	names := BuiltinNames()
	if len(names) != 8 {
		t.Errorf("got %d built-in policies, want 8", len(names))
	}
	names[0] = "changed"
	for _, n := range BuiltinNames() {
		if p, found := Builtin(n); !found || p.Name != n {
			t.Errorf("built-in %s: found %v", n, found)
		}
	}
	if _, found := Builtin("../policies/guide-login"); found {
		t.Error("a path is no built-in policy")
	}
}

// fire returns the rules of p that hold on each record.
func fire(t testing.TB, p *Policy, records []record) []uint64 {
	t.Helper()
	var conds []*Condition
	for _, r := range p.Rules {
		conds = append(conds, r.When)
	}
	var out []uint64
	for len(records) > 0 {
		n := min(len(records), dataset.BatchRows)
		out = append(out, evalAll(t, conds, records[:n])...)
		records = records[n:]
	}
	return out
}

func ExampleBuiltin() {
	p, _ := Builtin("login-recommended")
	fmt.Println(p.Decide(Case{First: Answer{State: dataset.Scored(480), Cluster: dataset.ReviewCluster}}).Action)
	// Output: step_up
}
