package calibrate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A Warning is a doubt about a result. The result stands, and the doubt is printed with it.
type Warning struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	// Measures names the measures that the doubt is about, empty for all of them.
	Measures []string `json:"measures,omitempty"`
}

func (w Warning) Error() string { return w.Message }

// Codes of warnings. They are part of the JSON output.
const (
	NoRecords      = "no_records"
	NothingLabeled = "nothing_labeled"
	NoFraud        = "no_fraud"
	NoLegit        = "no_legit"
	NoApproved     = "nothing_approved"
	FewFrauds      = "few_frauds"
	LowCoverage    = "low_label_coverage"
	UnevenLabels   = "uneven_label_coverage"
	UndecidedLeft  = "undecided"
	NoAmounts      = "no_amounts"
	SomeAmounts    = "some_amounts"
	UnseenField    = "unseen_field"
	Unclustered    = "unclustered"
	HistoryDiffers = "history_policy_differs"
	HistoryUnseen  = "history_policy_unseen"
)

// The limits beyond which a doubt is worth a line. They are this project's choice, and gate nothing.
const (
	fewFrauds    = 10   // below it the 95 % interval of a rate spans a factor of about four
	lowCoverage  = 0.50 // the outcome of most records is unknown
	unevenPoints = 0.10 // between the actions with the most and the least labels
)

// Warnings returns the doubts about a result, the gravest first. They are about the whole history; on every one of many
// groups they would be a wall.
func Warnings(r replay.Result) []Warning {
	p, c := r.Policy, r.Counts
	total := c.Total()
	if total.N() == 0 {
		return []Warning{{Code: NoRecords, Message: "no record was replayed: every measure is undefined"}}
	}
	var out []Warning
	add := func(w Warning, found bool) {
		if found {
			out = append(out, w)
		}
	}
	out = append(out, unseen(p, r.Unseen)...)
	out = append(out, unsplit(r)...)
	out = append(out, unclustered(r)...)
	out = append(out, historyDoubts(r.Production)...)
	add(undecidedLeft(p, c))
	add(labelsMissing(total))
	add(unevenLabels(c))
	add(fraudsApproved(c))
	switch {
	case total.Value() == 0:
		out = append(out, Warning{NoAmounts, "no record has an amount: every measure by value is undefined", []string{"fraud_bps"}})
	case r.NoAmount > 0:
		out = append(out, Warning{SomeAmounts, of(r.NoAmount, total.N()) + " records have no amount and add nothing to any measure by value", []string{"fraud_bps"}})
	}
	return out
}

// unseen doubts a policy that reads what no record has: a typing error looks like that, or the wrong history. There is one
// warning for each product, and one for each rule; a field that several rules read is told with the first.
func unseen(p *replay.Policy, fields []string) []Warning {
	var out []Warning
	warn := func(format string, args ...any) {
		out = append(out, Warning{Code: UnseenField, Message: fmt.Sprintf(format, args...)})
	}
	byRule := make([][]string, len(p.Rules))
	for _, field := range fields {
		i := slices.IndexFunc(p.Rules, func(r replay.Rule) bool {
			return slices.ContainsFunc(r.When.Fields, func(f dataset.Field) bool { return f.Name == field })
		})
		if i < 0 {
			warn("no record holds an answer of %s, which the policy reads", strings.TrimPrefix(field, "onboarding."))
			continue
		}
		byRule[i] = append(byRule[i], field)
	}
	for i, names := range byRule {
		if len(names) > 0 {
			warn("no record has a value for %s, which rule %q reads: a test of it is false on every record", strings.Join(names, " or "), p.Rules[i].Name)
		}
	}
	return out
}

// unsplit doubts a split by a field that no record has, which leaves one group of everything.
func unsplit(r replay.Result) []Warning {
	var out []Warning
	for i, field := range r.By {
		if !slices.ContainsFunc(r.Groups, func(g replay.Group) bool { return g.Key[i] != "" }) {
			out = append(out, Warning{Code: UnseenField, Message: fmt.Sprintf("no record has a value for %s, which the result is split by", field)})
		}
	}
	return out
}

// unclustered doubts a policy that relies on recorded clusters where the history holds scores alone: it takes each of these
// records as a response without a cluster, which is seldom meant.
func unclustered(r replay.Result) []Warning {
	var out []Warning
	for i, product := range []string{r.Policy.First, r.Policy.Second} {
		if n := r.Unclustered[i]; n > 0 {
			out = append(out, Warning{Code: Unclustered, Message: fmt.Sprintf("%s records have a score of %s but no recorded cluster, and the policy "+
				"has no cluster to look at there. To take the cluster from the score, say so in the policy: clusters: {%[2]s: standard}", of(n, r.Total().N()), product)})
		}
	}
	return out
}

// historyDoubts returns those about the policy that stands for what production did.
func historyDoubts(p replay.Production) (out []Warning) {
	if p.Policy == nil {
		return nil
	}
	for _, w := range unseen(p.Policy, p.Unseen) {
		out = append(out, Warning{Code: HistoryUnseen, Message: fmt.Sprintf("the history policy %s may not be what production ran: %s", p.Policy.Name, w.Message)})
	}
	if w, found := historyDiffers(p); found {
		out = append(out, w)
	}
	return out
}

// historyDiffers doubts a history policy that disagrees with the actions that were recorded.
func historyDiffers(p replay.Production) (Warning, bool) {
	if p.Differ == 0 {
		return Warning{}, false
	}
	text := fmt.Sprintf("the history policy %s acts otherwise than was recorded on %s records (%s), and on %s of them approves what was stopped or stops what was "+
		"approved: the recorded action counts there", p.Policy.Name, of(p.Differ, p.Judged), percent(p.Differ, p.Judged), count(p.Crossed))
	if p.Replayed > 0 {
		text += fmt.Sprintf(", and on the %s records without one the policy may be wrong too", count(p.Replayed))
	}
	return Warning{Code: HistoryDiffers, Message: text}, true
}

func undecidedLeft(p *replay.Policy, c replay.Counts) (Warning, bool) {
	u, n := c.Actions[replay.Undecided].N(), c.Total().N()
	if u == 0 {
		return Warning{}, false
	}
	needs := "a response"
	if p.Second != "" {
		needs = "the " + p.Second + " response"
	}
	return Warning{UndecidedLeft, fmt.Sprintf("%s records (%s) are undecided: the policy needs %s, which the history does not hold. "+
		"They stay in N, the denominator, and are in no action: counts are what is certain, and measures range over all that the "+
		"policy could have done with them. If the product was asked and gave no answer, say so with --absent missing",
		of(u, n), percent(u, n), needs), []string{"approval_rate", "fraud_capture", "fraud_rate", "undecided_rate"}}, true
}

// labelsMissing reports the labels that all labeled measures lack.
func labelsMissing(t replay.Tally) (Warning, bool) {
	fraud, legit, n := t.Records[dataset.Fraud], t.Records[dataset.Legit], t.N()
	all := []string{"fraud_rate", "fraud_capture", "insult_rate", "fraud_bps"}
	switch {
	case t.Labeled() == 0:
		return Warning{NothingLabeled, fmt.Sprintf("none of the %s records has a label: only shares of actions and calls are known", count(n)), all}, true
	case fraud == 0:
		return Warning{NoFraud, fmt.Sprintf("none of the %s labeled records is fraud: what the policy catches is unknown", count(legit)), []string{"fraud_capture"}}, true
	case legit == 0:
		return Warning{NoLegit, fmt.Sprintf("none of the %s labeled records is legit: whom the policy insults is unknown", count(fraud)), []string{"insult_rate"}}, true
	case float64(t.Labeled()) < lowCoverage*float64(n):
		return Warning{LowCoverage, fmt.Sprintf("only %s records (%s) have a label: rates of fraud and legit describe these, and hold for the rest "+
			"only if labels are missing at random", of(t.Labeled(), n), percent(t.Labeled(), n)), all}, true
	}
	return Warning{}, false
}

// unevenLabels compares the label coverage of the actions. Where the historical policy blocked, no outcome was seen, and a
// policy that blocks the same records is judged on what is left.
func unevenLabels(c replay.Counts) (Warning, bool) {
	var most, least dataset.Action
	for _, a := range dataset.Actions {
		if c.Actions[a].N() == 0 {
			continue
		}
		if most == dataset.NoAction || coverage(c, a) > coverage(c, most) {
			most = a
		}
		if least == dataset.NoAction || coverage(c, a) < coverage(c, least) {
			least = a
		}
	}
	if most == least || c.Total().Labeled() == 0 {
		return Warning{}, false
	}
	low, _ := Wilson(c.Actions[most].Labeled(), c.Actions[most].N(), 0.95)
	_, high := Wilson(c.Actions[least].Labeled(), c.Actions[least].N(), 0.95)
	if low <= high || coverage(c, most)-coverage(c, least) < unevenPoints {
		return Warning{}, false
	}
	name := func(a dataset.Action) string {
		return fmt.Sprintf("%s of %q", percent(c.Actions[a].Labeled(), c.Actions[a].N()), a)
	}
	return Warning{UnevenLabels, fmt.Sprintf("labels are missing unevenly: %s have one, but %s. Records that production stopped often have no "+
		"outcome, and no label is not legit", name(most), name(least)), []string{"fraud_capture", "insult_rate"}}, true
}

func coverage(c replay.Counts, a dataset.Action) float64 {
	return float64(c.Actions[a].Labeled()) / float64(c.Actions[a].N())
}

// fraudsApproved reports a fraud rate among approved that rests on little.
func fraudsApproved(c replay.Counts) (Warning, bool) {
	a := c.Approved()
	about := []string{"fraud_rate", "fraud_bps"}
	k, n := a.Records[dataset.Fraud], a.Labeled()
	switch {
	case a.N() == 0:
		return Warning{NoApproved, "the policy approves no record: the fraud rate among approved is undefined", about}, true
	case n == 0 || k >= fewFrauds:
		return Warning{}, false
	}
	return Warning{FewFrauds, fmt.Sprintf("few frauds: %s labeled approvals. The fraud rate rests on them, so read its interval, not its value", of(k, n)), about}, true
}

func of(k, n int64) string { return count(k) + " of " + count(n) }

// percent prints a share in prose; one that would round to nothing or to all says so instead.
func percent(k, n int64) string {
	v := float64(k) / float64(n)
	switch {
	case k == 0:
		return "none"
	case v < 0.00005:
		return "<0.01 %"
	case k < n && v >= 0.99995:
		return ">99.99 %"
	}
	return fmt.Sprintf("%.2f %%", 100*v)
}

// count separates thousands by a comma whatever the locale.
func count(n int64) string {
	digits := fmt.Sprint(n)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
