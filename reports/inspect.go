package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// inspectConfidence is the confidence of the intervals of a profile, and histogramBin the width of its score bins.
const (
	inspectConfidence = 0.95
	histogramBin      = 50
)

// Inspect arranges what a history holds: the first thing to read before any threshold is moved.
func Inspect(p *replay.Profile) Document {
	c, s, f := p.Collection(), scoresOf(p), findingsOf(p)
	d := Document{Title: fmt.Sprintf("Profile of %s records", thousands(p.Total.N())), Data: inspectData(p, c, s, f), Tidy: inspectTidy(p, s, f)}
	add := func(blocks ...Block) { d.Blocks = append(d.Blocks, blocks...) }
	add(summary(p, c))
	if len(p.Account.Issues) > 0 {
		add(issueTable(p.Account.Issues))
	}
	add(fileTable(p.Account.Files), productTable(p))
	if limits := unanswered(p, c); len(limits) > 0 {
		add(Notes{Caption: "What this history cannot answer", Items: limits})
	}
	add(monthTable(p))
	add(growthBlocks(growthOf(p))...)
	for i := range p.Products {
		if product := &p.Products[i]; !part(product.Product) && scored(product) > 0 {
			add(histogram(product))
		}
	}
	add(scoreBlocks(p, s)...)
	if c.Mode != replay.ModeSingle {
		add(pairTable(p), askedTable(p))
	}
	add(bandTables(p)...)
	if p.Actions[dataset.NoAction].N() < p.Total.N() {
		add(actionTable(p))
	}
	if text := outcomesText(p); text != "" {
		add(Paragraph(text))
	}
	add(findingBlocks(p, f)...)
	add(fieldTable(p))
	return d
}

// part reports whether a product is a part of the onboarding response, shown in tables but not in pictures.
func part(product string) bool {
	return slices.Contains([]string{"phone", "email", "ip", "browser"}, product)
}

func summary(p *replay.Profile, c replay.Collection) Block {
	t := p.Total
	kv := KeyValues{}
	say := func(key, format string, args ...any) {
		kv.Pairs = append(kv.Pairs, Pair{key, textCell(fmt.Sprintf(format, args...))})
	}
	say("records", "%s read = %s in play + %s rejected", thousands(p.Account.Read), thousands(t.N()), thousands(p.Account.Rejected))
	if p.Account.Period != nil {
		first, last := p.Account.Period.Days()
		say("period", "%s to %s (UTC)", first, last)
	}
	if t.Labeled() == 0 {
		say("labels", "none of %s labeled", thousands(t.N()))
	} else {
		say("labels", "%s of %s labeled (%s): %s fraud, %s legit", thousands(t.Labeled()), thousands(t.N()), shareCell(t.Labeled(), t.N()).Text,
			thousands(t.Records[dataset.Fraud]), thousands(t.Records[dataset.Legit]))
		value, interval := measureText(calibrate.Rate("fraud_pressure", t.Records[dataset.Fraud], t.Labeled(), inspectConfidence))
		say("fraud rate", "%s of the labeled (%s interval %s)", value, confidenceText(inspectConfidence), interval)
	}
	if p.NoAmount < t.N() {
		say("amount", "%s in all, %s of it fraud; %s records without an amount", Amount(t.Value()), Amount(t.Amount[dataset.Fraud]), thousands(p.NoAmount))
	}
	say("collection", "%s", modeText(c))
	ids := "no record repeats another's customer_id and time"
	if !p.Account.IDsChecked {
		ids = "repeats not looked for (--check-ids always)"
	}
	for _, i := range p.Account.Issues {
		if i.Kind == dataset.DuplicateID {
			ids = thousands(i.Count) + " records repeat another's customer_id and time; they are counted"
		}
	}
	say("ids", "%s", ids)
	if field := coinField(p); field != "" {
		say("exploration", "%s may be the chance that production gave each record: replay --exploration %[1]s", field)
	}
	return kv
}

// coinFields are the names under which the probability of an approval at random is looked for.
var coinFields = []string{"approval_probability", "exploration_probability", "propensity"}

// coinField returns the first of them that the history has, "" for none.
func coinField(p *replay.Profile) string {
	for _, name := range coinFields {
		if slices.ContainsFunc(p.Fields, func(d dataset.Discovered) bool { return d.Field.Name == name }) {
			return name
		}
	}
	return ""
}

func modeText(c replay.Collection) string {
	switch c.Mode {
	case replay.ModeCombined:
		return "combined: onboarding was asked whatever session said"
	case replay.ModeWaterfall:
		return "waterfall: onboarding was asked only for session " + clusterNames(c.Asked)
	case replay.ModeMixed:
		return "mixed: onboarding was asked for some records of each session cluster"
	}
	return "one product only"
}

func clusterNames(list []dataset.Cluster) string {
	var names []string
	for _, c := range list {
		names = append(names, c.String())
	}
	return strings.Join(names, ", ")
}

func fileTable(files []dataset.FileInfo) Block {
	t := &Table{Caption: "Inputs", Columns: []Column{{Name: "file"}, {Name: "format"}, {Name: "records", Align: Right}}}
	for _, f := range files {
		format := f.Format
		if f.Compression != "" {
			format += ", " + f.Compression
		}
		t.Rows = append(t.Rows, []Cell{textCell(f.Name), textCell(format), countCell(f.Records)})
		if f.SHA256 != "" {
			t.Footnotes = append(t.Footnotes, "SHA-256 "+f.SHA256+" "+f.Name)
		}
		for _, n := range f.Notes {
			t.Footnotes = append(t.Footnotes, f.Name+": "+n)
		}
	}
	return t
}

func productTable(p *replay.Profile) Block {
	t := &Table{Caption: "Products", Columns: []Column{{Name: "product"}}}
	order := []dataset.Status{dataset.OK, dataset.Absent, dataset.NotCalled, dataset.Missing, dataset.Processing, dataset.Failed}
	for _, s := range order {
		t.Columns = append(t.Columns, Column{Name: s.String(), Align: Right})
	}
	t.Columns = append(t.Columns, Column{Name: "no_score", Head: "ok without score", Align: Right, Extra: true})
	for i := range p.Products {
		q := &p.Products[i]
		row := []Cell{textCell(q.Product)}
		for _, s := range order {
			row = append(row, Cell{q.Statuses[s], countShare(q.Statuses[s], p.Total.N())})
		}
		t.Rows = append(t.Rows, append(row, countCell(q.NoScore)))
	}
	return t
}

// countShare prints a count with its share: "1,234 (5.0 %)".
func countShare(k, n int64) string {
	if k == 0 || n == 0 {
		return thousands(k)
	}
	return fmt.Sprintf("%s (%.1f %%)", thousands(k), 100*float64(k)/float64(n))
}

// rateColumns and rateCells show a tally: records, how many are labeled, frauds, and the fraud rate with its interval.
var rateColumns = []Column{{Name: "records", Align: Right}, {Name: "labeled", Align: Right}, {Name: "fraud", Align: Right},
	{Name: "fraud_rate", Head: "fraud rate", Align: Right}, {Name: "interval", Head: "95 % interval", Align: Right}}

func rateCells(t replay.Tally) []Cell {
	m := calibrate.Rate("fraud_rate", t.Records[dataset.Fraud], t.Labeled(), inspectConfidence)
	value, interval := measureText(m)
	return []Cell{countCell(t.N()), countCell(t.Labeled()), countCell(t.Records[dataset.Fraud]), {m.Value, value}, textCell(interval)}
}

func rateTable(caption string, lead ...Column) *Table {
	return &Table{Caption: caption, Columns: append(lead, rateColumns...)}
}

func (t *Table) rate(tally replay.Tally, lead ...Cell) {
	t.Rows = append(t.Rows, append(lead, rateCells(tally)...))
}

func monthTable(p *replay.Profile) Block {
	t := rateTable("Months (UTC)", Column{Name: "month"})
	t.Columns = append(t.Columns, Column{Name: "coverage", Head: "labeled share", Align: Right, Extra: true})
	for _, m := range p.Months {
		name := m.Month
		if name == "" {
			name = "(no time)"
		}
		t.rate(m.Tally, textCell(name))
		last := len(t.Rows) - 1
		t.Rows[last] = append(t.Rows[last], shareCell(m.Labeled(), m.N()))
	}
	return t
}

func scored(p *replay.ProductProfile) int64 {
	var n int64
	for _, t := range p.Scores {
		n += t.N()
	}
	return n
}

// bins sums the scores into bins of histogramBin, from the least trusted; the last bin also holds 1000.
func bins(p *replay.ProductProfile) []replay.Tally {
	out := make([]replay.Tally, dataset.MaxScore/histogramBin)
	for score, t := range p.Scores {
		i := min(score/histogramBin, len(out)-1)
		out[i] = out[i].Add(t)
	}
	return out
}

func binName(i int) string {
	high := (i+1)*histogramBin - 1
	if i == dataset.MaxScore/histogramBin-1 {
		high = dataset.MaxScore
	}
	return fmt.Sprintf("%d-%d", i*histogramBin, high)
}

func histogram(p *replay.ProductProfile) Block {
	b := Bars{Caption: fmt.Sprintf("Scores of %s (1000 = most trusted)", p.Product), Label: "score", Count: "records", Second: "fraud rate"}
	for i, t := range bins(p) {
		rate := shareCell(t.Records[dataset.Fraud], t.Labeled())
		if t.Labeled() > 0 && t.Records[dataset.Fraud] == 0 {
			rate.Text = "0 of " + thousands(t.Labeled())
		}
		b.Rows = append(b.Rows, Bar{binName(i), t.N(), rate})
	}
	return b
}

func pairTable(p *replay.Profile) Block {
	t := &Table{Caption: "Session (down) x onboarding (across): records, and fraud rate of the labeled", Columns: []Column{{Name: "session"}}}
	clusters := append([]dataset.Cluster{dataset.NoCluster}, dataset.Clusters...)
	for _, o := range clusters {
		t.Columns = append(t.Columns, Column{Name: o.String(), Align: Right})
	}
	for _, s := range clusters {
		row := []Cell{textCell(s.String())}
		for _, o := range clusters {
			cell := p.Pairs[s][o]
			row = append(row, Cell{cell.N(), pairText(cell)})
		}
		t.Rows = append(t.Rows, row)
	}
	t.Footnotes = []string{"missing: no answer, or one without a cluster. In brackets: the fraud rate of the labeled, or 0 of how many."}
	if p.Derived > 0 {
		t.Footnotes = append(t.Footnotes, fmt.Sprintf("%s answers carry a score but no cluster; the standard bands stand in.", thousands(p.Derived)))
	}
	return t
}

// pairText prints the records of a cell and the fraud rate of its labeled ones; no fraud is told with the number it is of.
func pairText(t replay.Tally) string {
	text := thousands(t.N())
	switch fraud := t.Records[dataset.Fraud]; {
	case t.Labeled() == 0:
		return text
	case fraud == 0:
		return text + " (0 of " + thousands(t.Labeled()) + ")"
	default:
		return text + fmt.Sprintf(" (%.1f %%)", 100*float64(fraud)/float64(t.Labeled()))
	}
}

func askedTable(p *replay.Profile) Block {
	t := &Table{Caption: "Who was asked onboarding, by session cluster", Columns: []Column{{Name: "session"}, {Name: "records", Align: Right},
		{Name: "asked", Align: Right}, {Name: "answered", Align: Right}}}
	for s, statuses := range p.Asked {
		var all int64
		for _, n := range statuses {
			all += n
		}
		if all == 0 {
			continue
		}
		not := statuses[dataset.Absent] + statuses[dataset.NotCalled]
		t.Rows = append(t.Rows, []Cell{textCell(dataset.Cluster(s).String()), countCell(all),
			{all - not, countShare(all-not, all)}, {statuses[dataset.OK], countShare(statuses[dataset.OK], all)}})
	}
	return t
}

// bandTables compare scores with the clusters that were recorded beside them.
func bandTables(p *replay.Profile) []Block {
	var out []Block
	for i := range p.Products {
		q := &p.Products[i]
		if q.WithBoth == 0 || part(q.Product) {
			continue
		}
		t := &Table{Caption: "Scores by recorded cluster of " + q.Product, Columns: []Column{{Name: "cluster"}, {Name: "records", Align: Right},
			{Name: "lowest", Align: Right}, {Name: "highest", Align: Right}, {Name: "standard", Align: Right}, {Name: "quintile", Align: Right}}}
		for _, c := range dataset.Clusters {
			e := q.Recorded[c]
			row := []Cell{textCell(c.String()), countCell(e.N), textCell(undefined), textCell(undefined), textCell(bandText(replay.Standard, c)), textCell(bandText(replay.Quintile, c))}
			if e.N > 0 {
				row[2], row[3] = countCell(int64(e.Min)), countCell(int64(e.Max))
			}
			t.Rows = append(t.Rows, row)
		}
		edges, consistent := q.ImpliedEdges()
		implied := fmt.Sprintf("implied lower edges of low, review, high, very_high: %s", edgeText(edges))
		if !consistent {
			implied = "the clusters' scores overlap: no band edges explain them"
		}
		t.Footnotes = []string{implied,
			fmt.Sprintf("mismatch with the standard bands 226/451/551/776: %s; with the quintile bands 200/400/600/800: %s",
				countShare(q.MismatchStandard, q.WithBoth), countShare(q.MismatchQuintile, q.WithBoth))}
		out = append(out, t)
	}
	return out
}

func edgeText(edges [4]int) string {
	var out []string
	for _, e := range edges {
		if e == 0 {
			out = append(out, "?")
			continue
		}
		out = append(out, fmt.Sprint(e))
	}
	return strings.Join(out, " / ")
}

// bandText prints the scores of a cluster under fixed bands.
func bandText(b replay.Bands, c dataset.Cluster) string {
	low, high := 0, dataset.MaxScore
	if c > dataset.VeryLow {
		low = b.Edges[c-dataset.Low]
	}
	if c < dataset.VeryHigh {
		high = b.Edges[c-dataset.VeryLow] - 1
	}
	return fmt.Sprintf("%d-%d", low, high)
}

func actionTable(p *replay.Profile) Block {
	t := rateTable("What production did (field action)", Column{Name: "action"})
	for _, a := range append(slices.Clone(dataset.Actions), dataset.NoAction) {
		if p.Actions[a].N() == 0 {
			continue
		}
		name := a.String()
		if a == dataset.NoAction {
			name = "(none)"
		}
		t.rate(p.Actions[a], textCell(name))
	}
	return t
}

// outcomesText names the fields that say what came of production's step-ups and reviews, "" where there are none.
func outcomesText(p *replay.Profile) string {
	var fields []string
	for _, d := range p.Fields {
		if _, found := d.TreatmentOutcome(); found && !d.Personal {
			fields = append(fields, d.Path.String())
		}
	}
	if fields == nil {
		return ""
	}
	return "What came of step-ups and reviews is recorded in " + strings.Join(fields, " and ") + ": where an economics file has treatments, it takes the place of guesses."
}

func signalTable(p *replay.Profile, f findings) Block {
	t := findingTable("Signals that are true, the most frequent first", Column{Name: "signal"})
	t.Columns = append(t.Columns, Column{Name: "absent", Align: Right, Extra: true})
	order := make([]int, len(p.Signals))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.Signals[b].True.N(), p.Signals[a].True.N()) })
	for _, i := range order {
		s := p.Signals[i]
		t.finding(s.True, f.signals[i], []Cell{textCell(s.Field)}, []Cell{countCell(s.AbsentRecords)})
	}
	t.Footnotes = []string{"absent: records in which the field is missing; a rule reads it as false."}
	return t
}

// shownCodes is how many reason codes the screen shows; JSON and CSV have all.
const shownCodes = 15

func codeTable(p *replay.Profile, f findings) []Block {
	if len(p.Codes) == 0 {
		return nil
	}
	t := findingTable("Reason codes, the most frequent first", Column{Name: "field"}, Column{Name: "code"})
	for i, c := range p.Codes[:min(len(p.Codes), shownCodes)] {
		field := Cell{c.Field, strings.TrimSuffix(c.Field, ".reason_codes")}
		t.finding(c.Tally, f.codes[i], []Cell{field, textCell(c.Code)}, nil)
	}
	if more := len(p.Codes) - shownCodes; more > 0 {
		t.Footnotes = append(t.Footnotes, fmt.Sprintf("and %d more: --format json lists all.", more))
	}
	if len(p.NotCodes) > 0 {
		t.Footnotes = append(t.Footnotes, "too many values to be reason codes: "+strings.Join(p.NotCodes, ", "))
	}
	return []Block{t}
}

func fieldTable(p *replay.Profile) Block {
	t := &Table{Caption: "Fields", Columns: []Column{{Name: "field"}, {Name: "kind"}, {Name: "found_at", Head: "found at"}, {Name: "read"}}}
	for _, f := range p.Fields {
		read := "yes"
		if f.Field.Kind == dataset.KindText || f.Field.Kind == dataset.KindNumber {
			read = "on request"
		}
		if f.Personal {
			read = "never: personal data"
		}
		t.Rows = append(t.Rows, []Cell{textCell(f.Field.Name), textCell(f.Field.Kind.String()), textCell(f.Path.String()), textCell(read)})
	}
	return Details{Summary: "Fields found", Blocks: []Block{t}}
}
