package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// Calibrate arranges a calibration. cert is its certificate, nil where nothing was certified, and account describes the history.
// The JSON form is described by the types of calibrate_data.go.
func Calibrate(c *calibrate.Calibration, cert *calibrate.Certificate, e Evidence, account dataset.Account) Document {
	s := advice{c, cert, e, screen{account: account, confidence: 1 - c.Goals.Delta}}
	d := Document{Title: s.title(), Data: s.data(), Tidy: s.tidy()}
	d.Blocks = append(d.Blocks, Paragraph(s.source()))
	if len(account.Issues) > 0 {
		d.Blocks = append(d.Blocks, issueTable(account.Issues))
	}
	d.Blocks = append(d.Blocks, s.answer()...)
	d.Blocks = append(d.Blocks, s.refused()...)
	d.Blocks = append(d.Blocks, s.windows(), s.rates(), s.walk())
	d.Blocks = append(d.Blocks, s.treatments()...)
	if edits := s.edits(); edits != nil {
		d.Blocks = append(d.Blocks, edits)
	}
	d.Blocks = append(d.Blocks, s.evidence()...)
	if notes := s.notes(); len(notes.Items) > 0 {
		d.Blocks = append(d.Blocks, notes)
	}
	return d
}

// Uncalibrated says why a history cannot be calibrated on at all; reason is what calibrate.ErrNothing wraps.
func Uncalibrated(reason error, champion *replay.Policy, goals calibrate.Goals, account dataset.Account) Document {
	s := advice{&calibrate.Calibration{Goals: goals, Champion: champion, Recommended: -1}, nil, Evidence{}, screen{account: account, confidence: 1 - goals.Delta}}
	text := reason.Error()
	data := s.data().(calibrateJSON)
	data.Reason = &text
	d := Document{Title: s.title(), Data: data, Tidy: s.tidy(), Blocks: []Block{Paragraph(s.source())}}
	if len(account.Issues) > 0 {
		d.Blocks = append(d.Blocks, issueTable(account.Issues))
	}
	d.Blocks = append(d.Blocks, Heading("Nothing is certified: keep the champion, and promise nothing of it"), Paragraph(capital(text)+"."))
	return d
}

// An advice is what the blocks of a calibration are made from.
type advice struct {
	*calibrate.Calibration
	cert   *calibrate.Certificate
	beside Evidence
	screen
}

// objectiveWords say what is wanted.
var objectiveWords = map[calibrate.Objective]string{
	calibrate.MostApprovals: "most approvals", calibrate.MostGoodApprovals: "most legit approvals", calibrate.MostCapture: "most fraud captured",
	calibrate.MostProfit: "most profit", calibrate.LeastCost: "least cost", calibrate.MostFinalApprovals: "most approvals in the end",
}

func (s advice) title() string {
	var limits []string
	for _, l := range s.Goals.Limits {
		limits = append(limits, limitText(l))
	}
	return fmt.Sprintf("Calibration of %s: %s with %s", s.Champion.Name, objectiveWords[s.Goals.Objective], strings.Join(limits, " and "))
}

// limitText prints a limit for people: fraud rate at most 0.5 %.
func limitText(l replay.Limit) string {
	side := "at most"
	if l.AtLeast {
		side = "at least"
	}
	_, bound, _ := strings.Cut(l.String(), "= ")
	return strings.ReplaceAll(l.Measure, "_", " ") + " " + side + " " + strings.Replace(bound, "%", " %", 1)
}

// answer says what to do, and what is promised.
func (s advice) answer() []Block {
	if a := s.beside.Apparent; a != nil && a.NobodyIsBest() {
		return append([]Block{Heading("By these goals it is best to approve nobody"), Paragraph(fmt.Sprintf(
			"On all records no policy that was found does better than approving nobody: %s. Look at the goals first; what follows is about the policies that do approve somebody.", s.objectiveText(a.Nobody.Objective)))},
			s.verdict()...)
	}
	return s.verdict()
}

func (s advice) verdict() []Block {
	at, found := s.Recommendation()
	switch {
	case !found:
		return append([]Block{Heading("Nothing is certified: keep the champion, and promise nothing of it")}, s.missing()...)
	case s.cert.Withdrawn != "":
		return []Block{Heading("The promise is withdrawn"), Paragraph(capital(s.cert.Withdrawn) + ".")}
	case len(replay.Edits(s.Base, at.Policy)) == 0:
		return []Block{Heading("Keep the champion"), Paragraph(s.cert.Claim)}
	}
	return []Block{Heading("Change to the recommended policy"), Paragraph(s.cert.Claim), s.gain(at)}
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// gain says what the change brings in the window that it was certified on.
func (s advice) gain(at calibrate.Candidate) Paragraph {
	last := len(s.Windows) - 1
	now, then := s.Current[last], at.Counts[last]
	approved := func(c replay.Counts) int64 { return c.Actions[dataset.Approve].N() + c.Actions[dataset.Monitor].N() }
	n := now.Total().N()
	share := func(k int64) string { return percent(calibrate.Number(float64(k) / float64(n))) }
	return Paragraph(fmt.Sprintf("In that window it approves %s of %s records, %s; the champion %s, %s.",
		thousands(approved(then)), thousands(n), share(approved(then)), thousands(approved(now)), share(approved(now))))
}

// missing tells what would have been needed, of the candidate that came nearest.
func (s advice) missing() []Block {
	if s.Passed > 0 {
		return []Block{Paragraph(fmt.Sprintf("%s policies keep the limits that can be certified, and each of them breaks one that can only be checked, or approves nobody.", thousands(int64(s.Passed))))}
	}
	if len(s.Missing) == 0 {
		return []Block{Paragraph("No policy that was proposed keeps, on the records that rank it, the limits that can only be checked.")}
	}
	var out []Block
	for _, v := range s.Missing {
		out = append(out, Paragraph(s.lack(v)))
	}
	return out
}

// lack says what one limit lacks.
func (s advice) lack(v calibrate.Finding) string {
	what := "The nearest candidate on " + limitText(v.Limit) + ": "
	switch {
	case !v.Certifiable:
		return what + map[bool]string{true: "kept.", false: "broken."}[v.Met]
	case v.N == 0:
		return what + "it approves no labeled record, so nothing is known."
	}
	if v.Bets > 0 {
		return what + fmt.Sprintf("by value, %s confidence shows %s on %s payments.", confidenceText(1-s.Goals.Delta), atMost(v.Bound), thousands(v.Bets))
	}
	if v.Withheld > 0 {
		what += fmt.Sprintf("%s records %s lack a label which they should have, and count as what hurts most. In all ", thousands(v.Withheld), s.StoppedBy())
	}
	if v.Undecided > 0 {
		what += fmt.Sprintf("%s undecided records count as what hurts most; taken as what hurts least, %s of %s would count against it. As it is, ", thousands(v.Undecided), thousands(v.LeastK), thousands(v.LeastN))
	}
	seen := fmt.Sprintf("%s of %s (%s) count against it, with %s confidence %s. ", thousands(v.K), thousands(v.N), shareText(calibrate.Number(float64(v.K)/float64(v.N))),
		confidenceText(1-s.Goals.Delta), atMost(v.Bound))
	switch m := v.Missing; {
	case m.Clean == 0:
		return what + seen + "It keeps this one."
	case !m.Reachable:
		return what + seen + fmt.Sprintf("At this rate no number of records certifies it; if none of them counted against it, %s more would.", thousands(m.Clean))
	default:
		return what + seen + fmt.Sprintf("To certify it takes %s more of these records at the same rate, and %s if none counts against it.", thousands(m.SameRate), thousands(m.Clean))
	}
}

// windows shows on which records what was done.
func (s advice) windows() *Table {
	t := &Table{Caption: "Windows", Columns: []Column{{Name: "window"}, {Name: "period"}, {Name: "records", Align: Right}, {Name: "labeled", Align: Right},
		{Name: "fraud", Align: Right}, {Name: "labeled_share", Head: "labeled share", Align: Right}}}
	for _, w := range s.Windows {
		t.Rows = append(t.Rows, []Cell{textCell(w.Name), textCell(w.String()), countCell(w.Total.N()), countCell(w.Total.Labeled()),
			countCell(w.Total.Records[dataset.Fraud]), shareCell(w.Total.Labeled(), w.Total.N())})
	}
	t.Footnotes = []string{"Policies are proposed on the first, put in order on the second and tested in that order on the third, which no search has seen."}
	if s.Ladder {
		t.Footnotes = []string{"Too few records to search, order and test on different ones: the champion with all edges moved up and down together is tested, in an order that was fixed before, on all."}
		if from := s.Goals.CertifyFrom; from != "" {
			t.Footnotes[0] = strings.TrimSuffix(t.Footnotes[0], "all.") + "those from " + from + " on."
		}
	}
	return t
}

// rates shows the limits of champion and recommendation in each window: the gap between apparent and certified is the
// optimism that was avoided.
func (s advice) rates() *Table {
	t := &Table{Caption: "Apparent, ranked, certified", Columns: []Column{{Name: "policy"}, {Name: "measure"}}}
	if s.Ladder {
		t.Caption = "Certified"
	}
	names := map[string]string{"propose": "apparent", "rank": "ranked", "certify": "certified on", "all": "certified on"}
	for _, w := range s.Windows {
		t.Columns = append(t.Columns, Column{Name: w.Name, Head: names[w.Name], Align: Right})
	}
	t.Columns = append(t.Columns, Column{Name: "bound", Head: "at most", Align: Right}, Column{Name: "p", Align: Right})
	add := func(name string, p *replay.Policy, counts []replay.Counts) {
		for _, m := range append([]string{"approval_rate"}, limited(s.Goals.Limits)...) {
			t.Rows = append(t.Rows, s.rateRow(name, m, p, counts))
			name = ""
		}
	}
	add("champion", s.Champion, s.Current)
	if at, found := s.Recommendation(); found {
		add("recommended", at.Policy, at.Counts)
	}
	t.Footnotes = []string{fmt.Sprintf("At most: %s, one-sided %s, of the last window, for a policy picked before these records were looked at. What is promised of the recommended one is the limit, not this bound.", s.boundWords(), confidenceText(1-s.Goals.Delta))}
	return t
}

// boundWords says what bounds are.
func (s advice) boundWords() string {
	if s.Goals.Cap > 0 {
		return "exact bound (Clopper-Pearson), by value of bets on payments up to the declared cap"
	}
	if s.Goals.Entity != "" {
		return "Clopper-Pearson on as many independent records as those of the window are worth (Korn-Graubard, approximate)"
	}
	return "exact bound (Clopper-Pearson)"
}

// limited returns the measures of limits, each once; final rates have a table of their own.
func limited(limits []replay.Limit) []string {
	var out []string
	for _, l := range limits {
		if l.Measure != "approval_rate" && !calibrate.IsFinal(l.Measure) && !slices.Contains(out, l.Measure) {
			out = append(out, l.Measure)
		}
	}
	return out
}

func (s advice) rateRow(name, measure string, p *replay.Policy, counts []replay.Counts) []Cell {
	row := []Cell{textCell(name), textCell(strings.ReplaceAll(measure, "_", " "))}
	for i, c := range counts {
		setting := s.windowSetting(i, p, c)
		m, found := calibrate.Find(setting.Measures(p, c), measure)
		if !found {
			row = append(row, Cell{nil, none})
			continue
		}
		value, _ := measureText(m)
		row = append(row, Cell{m.Value, value})
	}
	bound, pv := Cell{nil, none}, Cell{nil, none}
	for _, v := range s.findingsOf(p, counts) {
		if v.Limit.Measure == measure && v.Certifiable && !v.Limit.AtLeast && v.Bound.Defined() {
			bound, pv = Cell{v.Bound, roundUp(v.Bound)}, Cell{v.P, pNumber(v.P)}
		}
	}
	return append(row, bound, pv)
}

// windowSetting is what the measures of the champion or of the recommended policy are taken under in a window.
func (s advice) windowSetting(window int, p *replay.Policy, c replay.Counts) calibrate.Setting {
	open, err := s.Open(window, p, c)
	if err != nil {
		panic("reports: " + err.Error()) // the calibration counted this policy on these records before
	}
	return calibrate.Setting{Confidence: s.confidence, Days: s.Windows[window].Days(), Economics: s.Goals.Economics, Open: open}
}

func (s advice) findingsOf(p *replay.Policy, counts []replay.Counts) []calibrate.Finding {
	if p == s.Champion {
		return s.Standing
	}
	out, err := s.Findings(p, counts[len(counts)-1])
	if err != nil {
		panic("reports: " + err.Error()) // the calibration held these limits against this policy before
	}
	return out
}

// pNumber prints a p-value.
func pNumber(p calibrate.Number) string {
	switch {
	case !p.Defined():
		return undefined
	case p < 0.001:
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", float64(p))
}

// walkRows is how many steps of a walk are shown, half of them before the last that was certified.
const walkRows = 12

// walk shows the candidates in the order in which they were tested.
func (s advice) walk() *Table {
	t := &Table{Caption: fmt.Sprintf("The walk: %s proposed, %s ordered, %s tested, %s certified", thousands(int64(s.Proposed)), thousands(int64(len(s.Candidates))),
		thousands(int64(s.Tested)), thousands(int64(s.Passed))), Columns: []Column{{Name: "step", Align: Right}, {Name: "family", Extra: true}, {Name: "approved", Align: Right, Extra: true},
		{Name: "approval_rate", Head: "approval", Align: Right}, {Name: "fraud", Align: Right}, {Name: "fraud_rate", Head: "fraud rate", Align: Right},
		{Name: "p", Align: Right}, {Name: "result"}}}
	last := len(s.Windows) - 1
	from := max(0, s.Tested-walkRows)
	if s.Ladder {
		from = 0
	}
	for i := from; i < s.Tested; i++ {
		at := s.Candidates[i]
		t.Rows = append(t.Rows, s.step(i, at, at.Counts[last]))
	}
	if from > 0 {
		t.Footnotes = append(t.Footnotes, fmt.Sprintf("Steps 1 to %d were certified too; --format json lists all.", from))
	}
	if slices.ContainsFunc(s.Candidates[:s.Tested], func(at calibrate.Candidate) bool { return at.Withheld > 0 }) {
		t.Footnotes = append(t.Footnotes, "Lack a label: of the records "+s.StoppedBy()+" and a limit depends on, those without an outcome beyond what is usual among its own approvals and beyond chance. They count as what hurts the limit most, as long as nothing is known of them.")
	}
	if slices.ContainsFunc(s.Candidates[:s.Tested], func(at calibrate.Candidate) bool { return undecidedOf(at.Counts[last]) > 0 }) {
		t.Footnotes = append(t.Footnotes, "Undecided: it asks what the history did not. Approvals and the fraud rate range over all that the policy could do with them; in p each counts as what hurts the limit most.")
	}
	how := "the walk ends at the first that fails"
	if s.Ladder {
		how = "walks begin at three places and end at the first that fails"
	}
	t.Footnotes = append(t.Footnotes, fmt.Sprintf("Each is tested at p ≤ %.4g; %s. All that are certified keep the limits at once with %s confidence.",
		s.Level, how, confidenceText(1-s.Goals.Delta)))
	return t
}

func (s advice) step(i int, at calibrate.Candidate, c replay.Counts) []Cell {
	result := "certified"
	switch {
	case i == s.Recommended:
		result = "recommended"
	case !at.Passed && s.Ladder:
		result = "not certified"
	case !at.Passed:
		result = "fails: the walk ends"
	case !at.Checked:
		result = "certified, breaks a checked limit"
	}
	if at.Withheld > 0 {
		result += "; " + lackText(at.Withheld)
	}
	if n := undecidedOf(c); n > 0 {
		result += fmt.Sprintf("; %s undecided", thousands(n))
	}
	approved := c.Approved()
	share, rate := shareCell(approved.N(), c.Total().N()), calibrate.Rate("fraud_rate", approved.Records[dataset.Fraud], approved.Labeled(), s.confidence)
	if undecidedOf(c) > 0 { // which leave a range of both
		list := s.windowSetting(len(s.Windows)-1, at.Policy, c).Measures(at.Policy, c)
		approval, _ := calibrate.Find(list, "approval_rate")
		text, _ := measureText(approval)
		share = Cell{approval.Value, text}
		rate, _ = calibrate.Find(list, "fraud_rate")
	}
	value, _ := measureText(rate)
	return []Cell{countCell(int64(i + 1)), textCell(string(at.Family)), countCell(approved.N()), share,
		countCell(approved.Records[dataset.Fraud]), {rate.Value, value}, {at.P(), pNumber(at.P())}, textCell(result)}
}

// lackText says how many labels are missing.
func lackText(n int64) string {
	if n == 1 {
		return "1 lacks a label"
	}
	return thousands(n) + " lack a label"
}

// edits says what changes in the policy, one line for each part.
func (s advice) edits() *Table {
	at, found := s.Recommendation()
	if !found {
		return nil
	}
	t := &Table{Caption: "What changes, from the champion to the recommended policy", Columns: []Column{{Name: "edit"}}}
	from := s.Champion
	if s.Base.FirstBands != s.Champion.FirstBands || s.Base.SecondBands != s.Champion.SecondBands {
		from = s.Base
		t.Footnotes = append(t.Footnotes, "The champion uses recorded clusters, the recommended policy scores: the edges below are counted from the bands that agree with the recorded clusters.")
	}
	for _, e := range replay.Edits(from, at.Policy) {
		t.Rows = append(t.Rows, []Cell{textCell(e.Name)})
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}

// notes are the doubts about a calibration.
func (s advice) notes() Notes {
	n := Notes{Caption: "Warnings"}
	for _, w := range s.Warnings() {
		n.Items = append(n.Items, w.Message)
	}
	return n
}
