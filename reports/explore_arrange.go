package reports

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// data arranges what the page shows.
func (x Explorer) data(packed packedCube) (explorePage, error) {
	t := packed.table
	warnings, err := x.warnings()
	if err != nil {
		return explorePage{}, err
	}
	s := screen{account: x.Cube.Account, confidence: x.Confidence}
	p := explorePage{
		SchemaVersion: schemaVersion, Title: "Explore " + x.Champion.Name + " on " + thousands(x.Cube.Records()) + " records",
		Source: clean(s.source() + "."), Warnings: warnings, Method: s.method() + " " + chosenByLooking, Records: x.Cube.Records(), Rows: t.Len(), Step: packed.step,
		Z: calibrate.NormalQuantile(x.Confidence), Delta: 1 - x.Confidence, Confidence: confidenceText(x.Confidence), MoneyPerMajor: int64(replay.MoneyPerMajor),
		Actions: make([]string, dataset.NumActions), Clusters: make([]string, replay.NumRows), Limits: []exploreLimit{}, Costs: []exploreCost{}, Segments: []exploreSegment{},
	}
	for a := range p.Actions {
		p.Actions[a] = outcomeName(dataset.Action(a))
	}
	for c := range p.Clusters {
		p.Clusters[c] = dataset.Cluster(c).String()
	}
	for _, b := range []replay.Bands{replay.Standard, replay.Quintile} {
		p.NamedBands = append(p.NamedBands, exploreBands{b.String(), b.Edges[:]})
	}
	x.products(&p, t, packed.places)
	x.champion(&p)
	x.groups(&p, t)
	x.measures(&p, t)
	p.ID = x.id(&p)
	return p, nil
}

func (x Explorer) products(p *explorePage, t *replay.Table, places [2][]int) {
	names := []string{x.Champion.First}
	bands := []replay.Bands{x.Champion.FirstBands, x.Champion.SecondBands}
	if x.Champion.Second != "" {
		names = append(names, x.Champion.Second)
	}
	for i, name := range names {
		product := exploreProduct{Name: name, Recorded: bands[i].Recorded(), Positions: places[i]}
		for _, a := range t.Answers[i] {
			score, found := a.State.Score()
			if !found {
				score = -1
			}
			product.Answers.Status = append(product.Answers.Status, int(a.State.Status()))
			product.Answers.Score = append(product.Answers.Score, score)
			product.Answers.Cluster = append(product.Answers.Cluster, int(a.Cluster))
			product.Recorded = product.Recorded || a.Cluster != dataset.NoCluster
		}
		p.Products = append(p.Products, product)
	}
}

// champion fills in the rows of the matrix that the champion does not ask for with those of the nearest row that it does, or with
// reviews: a draft may ask there.
func (x Explorer) champion(p *explorePage) {
	c := x.Champion
	out := exploreChampion{Name: c.Name, DraftName: draftName(c.Name), Rules: []exploreRule{},
		Tied: c.Gate[dataset.Unclustered] == c.Gate[dataset.NoCluster] && c.Matrix[dataset.Unclustered] == c.Matrix[dataset.NoCluster]}
	for i := range p.Products {
		b := []replay.Bands{c.FirstBands, c.SecondBands}[i]
		own := exploreOwn{b.Recorded(), b.Edges[:]}
		if b.Recorded() {
			own.Edges = replay.Standard.Edges[:]
		}
		out.Bands = append(out.Bands, own)
	}
	for row, step := range c.Gate {
		out.Gate = append(out.Gate, int(step))
		from := nearestAsked(c, row)
		cells := make([]int, replay.NumRows)
		for col := range cells {
			cells[col] = int(dataset.Review)
			if from >= 0 {
				cells[col] = int(c.Matrix[from][col])
			}
			out.Tied = out.Tied && (from < 0 || c.Matrix[from][dataset.Unclustered] == c.Matrix[from][dataset.NoCluster])
		}
		out.Matrix = append(out.Matrix, cells)
	}
	if out.Tied {
		out.Matrix[dataset.Unclustered] = out.Matrix[dataset.NoCluster]
	}
	for _, r := range c.Rules {
		out.Rules = append(out.Rules, exploreRule{r.Name, r.When.Source, int(r.Then), c.Late(r), strings.TrimSuffix(r.YAML(), "\n")})
	}
	p.Champion = out
	for i, b := range out.Bands { // the cutoff of a curve to begin with: one that the champion has, or else where the first product is trusted
		if !b.Recorded {
			p.Cut = [2]int{i, 2}
			break
		}
	}
	if p.Cut == [2]int{} {
		p.Cut = [2]int{0, 2}
	}
	if cut, err := calibrate.DefaultCutoff(c); err == nil {
		axis := 0
		if cut.Product == c.Second {
			axis = 1
		}
		p.Cut = [2]int{axis, int(cut.Cluster) - int(dataset.Low)}
	}
}

// nearestAsked returns the row of the matrix that is set nearest to a row, itself first, or -1 where none is.
func nearestAsked(c *replay.Policy, row int) int {
	found := -1
	for r, step := range c.Gate {
		if step == replay.Next && c.Second != "" && (found < 0 || rowsApart(r, row) < rowsApart(found, row)) {
			found = r
		}
	}
	return found
}

func rowsApart(a, b int) int { return max(a-b, b-a) }

// draftName names what comes of a champion.
func draftName(champion string) string {
	const longest = 100
	name := champion + "-draft"
	if len(name) > longest {
		name = champion[:longest-len("-draft")] + "-draft"
	}
	return name
}

// groups numbers months, segment values and sets of rules.
func (x Explorer) groups(p *explorePage, t *replay.Table) {
	values := make([][]string, 1+len(x.By))
	sets := map[uint64]int{}
	for _, g := range t.Groups {
		for i, v := range g.Key {
			values[i] = append(values[i], v)
		}
	}
	for i := range values {
		slices.Sort(values[i])
		values[i] = slices.Compact(values[i])
	}
	for _, g := range t.Groups {
		at, found := sets[g.Fired]
		if !found {
			at = len(p.Fired)
			sets[g.Fired] = at
			fired := []int{}
			for i := range x.Champion.Rules {
				if g.Fired>>i&1 != 0 {
					fired = append(fired, i)
				}
			}
			p.Fired = append(p.Fired, fired)
		}
		group := exploreGroup{Fired: at, Past: int(g.Past)}
		for i, v := range g.Key {
			place, _ := slices.BinarySearch(values[i], v)
			group.Key = append(group.Key, place)
		}
		p.Groups = append(p.Groups, group)
	}
	p.Months = []exploreMonth{}
	for _, m := range values[0] {
		p.Months = append(p.Months, exploreMonth{m, calibrate.GroupDays(x.Cube.Account.Period, []string{replay.Month}, []string{m})})
	}
	for i, field := range x.By {
		segment := exploreSegment{Field: clean(field)}
		for _, v := range values[1+i] {
			segment.Values = append(segment.Values, clean(v))
		}
		p.Segments = append(p.Segments, segment)
	}
}

// measures says what is measured, and what is shown of it.
func (x Explorer) measures(p *explorePage, t *replay.Table) {
	for _, r := range calibrate.RatioForms() {
		p.Ratios = append(p.Ratios, exploreRatio{r.Name, r.Unit, exploreRegion{int(r.Numerator.Actions), int(r.Numerator.Labels)}, exploreRegion{int(r.Denominator.Actions), int(r.Denominator.Labels)}})
	}
	currency := ""
	if x.Economics != nil {
		for _, f := range calibrate.CostForms(x.Economics, x.Champion) {
			cost := exploreCost{Name: f.Name, Calls: f.Calls}
			for a, w := range f.Actions {
				cost.Records[a], cost.Amount[a] = w.Records, w.Amount
			}
			p.Costs = append(p.Costs, cost)
		}
		if x.Economics.Currency != "" {
			currency = " (" + x.Economics.Currency + ")"
		}
	}
	amounts := slices.ContainsFunc(t.Amount, func(a int64) bool { return a > 0 })
	known := exploreMeasures(x.Champion, x.Economics != nil)
	for _, m := range keyMeasures {
		line := exploreLine{m.name, m.words}
		if m.name == "call_rate" {
			line = exploreLine{m.name + "_" + x.Champion.Second, m.words + x.Champion.Second}
		}
		if m.name == "fraud_bps" && !amounts || !slices.Contains(known, line.Name) {
			continue
		}
		if f := slices.IndexFunc(p.Costs, func(c exploreCost) bool { return c.Name == m.name }); f >= 0 {
			line.Words += currency
		}
		p.Lines = append(p.Lines, line)
	}
	for _, name := range []string{"approval_rate", "fraud_rate", "fraud_capture", "insult_rate", "review_per_day", "call_rate_" + x.Champion.Second, "cost_per_record"} {
		if i := slices.IndexFunc(p.Lines, func(l exploreLine) bool { return l.Name == name }); i >= 0 {
			p.Tiles = append(p.Tiles, p.Lines[i])
		}
	}
	for _, l := range x.Limits {
		p.Limits = append(p.Limits, exploreLimit{l.String(), limitShort(l), l.Measure, l.AtLeast, l.Bound.Num, l.Bound.Den})
	}
}

// limitShort prints a limit beside its measure: ≤ 0.5%.
func limitShort(l replay.Limit) string {
	sign := "≤ "
	if l.AtLeast {
		sign = "≥ "
	}
	_, bound, _ := strings.Cut(l.String(), "= ")
	return sign + bound
}

// id tells pages apart in whose lists a place means another thing.
func (x Explorer) id(p *explorePage) string {
	h := sha256.New()
	h.Write(x.Champion.YAML())
	for _, m := range p.Months {
		fmt.Fprintf(h, "%q", m.Name)
	}
	for _, s := range p.Segments {
		fmt.Fprintf(h, "%q%q", s.Field, s.Values)
	}
	binary.Write(h, binary.BigEndian, int64(p.Step))
	return fmt.Sprintf("%x", h.Sum(nil))[:10]
}

// chosenByLooking is what an interval does not know of a draft that a hand moved until its numbers pleased (STATISTICS.md, section 2).
const chosenByLooking = "No interval knows that a draft was chosen by looking: on new records it does worse as a rule. Certify before use (trustreplay calibrate)."
