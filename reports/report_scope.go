package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// scopeBlocks say what was read, what is wrong with it, and how far its labels are final.
func (m monthly) scopeBlocks() []Block {
	p := m.Profile
	out := []Block{summary(p, p.Collection())}
	if n := p.Total.N() - m.results[0].Total().N(); n > 0 && m.Month != "" {
		out = append(out, Paragraph(fmt.Sprintf("The files hold %s records of later months than %s: this section and Score performance count them, nothing else does.", thousands(n), m.Month)))
	}
	if text := maturityText(m.account); text != "" {
		if mature := m.account.Mature; mature != nil && mature.Immature > 0 {
			text += ". The labels counted above are as they are, final or not"
		}
		out = append(out, Paragraph(text+"."))
	}
	if len(p.Account.Issues) > 0 {
		out = append(out, named("issues", issueTable(p.Account.Issues)))
	} else {
		out = append(out, Paragraph("No issue was found in the records."))
	}
	more := Details{Summary: "Products, and how fast fraud is reported", Blocks: []Block{named("products", productTable(p).(*Table))}}
	more.Blocks = append(more.Blocks, namedAll("growth", growthBlocks(growthOf(p)))...)
	if p.Actions[dataset.NoAction].N() < p.Total.N() {
		more.Blocks = append(more.Blocks, named("production-actions", actionTable(p).(*Table)))
	}
	return append(out, more)
}

// stabilityBlocks show month by month what the champion does.
func (m monthly) stabilityBlocks() []Block {
	months := only(m.Results[0], replay.Month)
	if m.Month == "" {
		return lacking("No record has a time, so no month can be held against others.")
	}
	if len(months.Groups) < 2 {
		return lacking("There is no second month to compare with.")
	}
	var out, more []Block
	if m.Drift != nil {
		out, more = append(out, m.driftHeadlines()), m.driftInFull()
	}
	out = append(out, m.fraudMonths(months), m.actionMonths(months))
	if len(m.Stability) > 0 {
		out = append(out, m.indexMonths())
	}
	out = append(out, Details{Summary: "The champion by month, as a table", Blocks: []Block{m.monthActions(months)}})
	if more != nil {
		out = append(out, Details{Summary: "Drift in full: decisions, fraud rates, scores, signals, answers, order", Blocks: more})
	}
	return out
}

// driftHeadlines say in a sentence for each question what the month changed.
func (m monthly) driftHeadlines() Notes {
	n := Notes{Caption: fmt.Sprintf("%s against %s: what changed, as far as these records can say", m.Month, sideWords(m.Drift.Baseline))}
	fraud := fraudHeadline(m.FraudDrift)
	if m.FraudDrift != m.Drift {
		fraud = strings.Replace(fraud, "Fraud rates:", fmt.Sprintf("Fraud rates (of %s against %s, since no label of %s is final yet):", sideWords(m.FraudDrift.Period), sideWords(m.FraudDrift.Baseline), m.Month), 1)
	}
	for _, text := range []string{decisionHeadline(m.Drift), fraud, scoreHeadline(m.Drift), traitHeadline(m.Drift), orderHeadline(m.Drift)} {
		if text != "" {
			n.Items = append(n.Items, text)
		}
	}
	return n
}

// driftInFull has the tables behind the headlines; those of the fraud rates are of their own months.
func (m monthly) driftInFull() []Block {
	own := map[string][]Block{}
	for of, d := range map[string]*calibrate.Drift{"fraud": m.FraudDrift, "rest": m.Drift} {
		own[of] = driftBlocks(d)[1:]
	}
	var out []Block
	inFraud := false
	for _, b := range own["rest"] {
		if h, ok := b.(Heading); ok {
			if inFraud = h == fraudHeading; inFraud {
				out = append(out, Subheading(fraudHeading))
				out = append(out, between(own["fraud"], fraudHeading)...)
				continue
			}
			b = Subheading(h)
		}
		if !inFraud {
			out = append(out, b)
		}
	}
	return out
}

// fraudHeading heads the fraud rates of a drift.
const fraudHeading Heading = "Fraud rates"

// between returns the blocks between a heading and the next.
func between(list []Block, heading Heading) []Block {
	from := slices.IndexFunc(list, func(b Block) bool { return b == heading }) + 1
	to := from
	for to < len(list) {
		if _, next := list[to].(Heading); next {
			break
		}
		to++
	}
	return list[from:to]
}

// indexMonths draws how far the scores of the champion's products are from those of the months before, beside what chance makes.
func (m monthly) indexMonths() Figure {
	p := Picture{Title: "How far scores have moved, by month", Subtitle: m.window(), X: Axis{Label: "Month"}, Y: Axis{Label: "Population stability index (PSI)"}, Empty: "No month has scores on both sides.",
		Notes: []string{fmt.Sprintf("Each month against the months before %s, itself left out. By chance: where %s of months would be below if nothing had changed.", m.Month, confidenceText(stabilityLevel))}}
	for _, month := range m.Stability {
		p.X.Names = append(p.X.Names, month.Month)
	}
	alt := "The PSI of the scores by month."
	var chances []Curve // one for each product: in a waterfall the second has fewer scores, and chance makes more of them
	for _, product := range []string{m.Champion.First, m.Champion.Second} {
		c, chance := Curve{Name: product, Dots: true}, Curve{Name: product + ", by chance"}
		for i, month := range m.Stability {
			at := slices.IndexFunc(month.Products, func(s calibrate.ProductStability) bool { return s.Product == product })
			if at < 0 || !month.Products[at].Index.PSI.Defined() {
				continue
			}
			x := month.Products[at].Index
			c.Points = append(c.Points, Point{float64(i), float64(x.PSI)})
			if x.Most95.Defined() {
				chance.Points = append(chance.Points, Point{float64(i), float64(x.Most95)})
			}
			if month.Month == m.Month {
				alt += fmt.Sprintf(" In %s that of %s is %s, of which chance makes up to %s in %s of months.", month.Month, product, indexText(x.PSI), indexText(x.Most95), confidenceText(stabilityLevel))
			}
		}
		if len(c.Points) > 0 {
			p.Curves = append(p.Curves, c)
		}
		if len(chance.Points) > 0 {
			chances = append(chances, chance)
		}
	}
	p.Curves = append(p.Curves, chances...)
	return Figure{Name: "psi-by-month", Alt: alt, Picture: p}
}

// stabilityLevel is that of what chance makes of an index, Index.Most95.
const stabilityLevel = 0.95

// monthsOf are those of the groups of a result by month.
func monthsOf(r replay.Result) []string {
	var out []string
	for _, g := range r.Groups {
		out = append(out, fmt.Sprint(keyCell(g.Key[0]).Text))
	}
	return out
}

// actionMonths draws what the champion does month by month.
func (m monthly) actionMonths(r replay.Result) Figure {
	p := Picture{Title: "What " + m.Champion.Name + " does by month", Subtitle: m.window(), X: Axis{Label: "Month", Names: monthsOf(r)}, Y: Axis{Label: "Share of records", Percent: true, To: 1}, Stacked: true,
		Empty: "No record has a time."}
	var words []string
	for _, a := range outcomes {
		if r.Actions[a].N() == 0 {
			continue
		}
		s := Series{Name: strings.ReplaceAll(outcomeName(a), "_", "-")}
		for _, g := range r.Groups {
			s.Values = append(s.Values, float64(g.Actions[a].N())/float64(max(1, g.Total().N())))
		}
		p.Series = append(p.Series, s)
		last := r.Groups[len(r.Groups)-1]
		words = append(words, fmt.Sprintf("%s %s", s.Name, shareCell(last.Actions[a].N(), last.Total().N()).Text))
	}
	return Figure{Name: "actions-by-month", Alt: fmt.Sprintf("Shares of the actions by month; in %s: %s.", p.X.Names[len(p.X.Names)-1], strings.Join(words, ", ")), Picture: p}
}

// fraudMonths draws the fraud rate among what the champion approves month by month, with its interval and the limit on it.
func (m monthly) fraudMonths(r replay.Result) Figure {
	p := Picture{Title: "Fraud among what " + m.Champion.Name + " approves, by month", Subtitle: m.window(), X: Axis{Label: "Month", Names: monthsOf(r)},
		Y: Axis{Label: "Fraud rate among approved", Percent: true}, Band: confidenceText(m.confidence) + " interval", Limits: m.pictureLimits(), Empty: "No approved record has a final label."}
	c := Curve{Name: "fraud rate", Dots: true, Whiskers: true}
	s := m.screen
	s.by = r.By
	alt := "No month has an approved record with a final label."
	for i, g := range r.Groups {
		rate, _ := calibrate.Find(s.partSetting(r, &g).Measures(r.Policy, g.Counts), "fraud_rate")
		if !rate.Value.Defined() || rate.Bounded() {
			continue
		}
		c.Points, c.Band = append(c.Points, Point{float64(i), float64(rate.Value)}), append(c.Band, calibrate.Interval{Low: rate.Low, High: rate.High})
		value, interval := measureText(rate)
		alt = fmt.Sprintf("The fraud rate among approved records by month; in %s it is %s (%s).", p.X.Names[i], value, interval)
	}
	p.Curves = []Curve{c}
	return Figure{Name: "fraud-by-month", Alt: alt, Picture: p}
}

// monthActions has a line for each month: what the champion does, and the fraud among what it approves.
func (m monthly) monthActions(r replay.Result) *Table {
	t := &Table{Name: "months", Caption: "The champion by month", Columns: []Column{{Name: "month"}, {Name: "records", Align: Right}}}
	total := r.Total()
	var actions []dataset.Action
	for _, a := range outcomes {
		if r.Actions[a].N() == 0 {
			continue
		}
		actions = append(actions, a)
		t.Columns = append(t.Columns, Column{Name: outcomeName(a), Head: strings.ReplaceAll(outcomeName(a), "_", "-"), Align: Right})
	}
	t.Columns = append(t.Columns, Column{Name: "labeled", Head: "labeled share", Align: Right}, Column{Name: "fraud_rate", Head: "fraud rate", Align: Right},
		Column{Name: "interval", Head: m.intervalHead(), Align: Right, Extra: true})
	row := func(key Cell, c replay.Counts, rate calibrate.Measure) []Cell {
		all := c.Total()
		out := []Cell{key, countCell(all.N())}
		for _, a := range actions {
			out = append(out, shareCell(c.Actions[a].N(), all.N()))
		}
		value, interval := measureText(rate)
		return append(out, shareCell(all.Labeled(), all.N()), Cell{rate.Value, value}, textCell(interval))
	}
	rate := func(set calibrate.Setting, c replay.Counts) calibrate.Measure {
		found, _ := calibrate.Find(set.Measures(r.Policy, c), "fraud_rate")
		return found
	}
	s := m.screen
	s.by = r.By
	for _, g := range r.Groups {
		t.Rows = append(t.Rows, row(keyCell(g.Key[0]), g.Counts, rate(s.partSetting(r, &g), g.Counts)))
	}
	if total.N() > 0 {
		t.Total = row(textCell("all"), r.Counts, rate(m.setting(m.results[0]), r.Counts))
	}
	t.Footnotes = []string{"Shares of the records of the month; fraud rate: among approved records whose outcome is known and final. Each interval is for its month alone."}
	return t
}
