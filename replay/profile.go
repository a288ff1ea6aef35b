package replay

import (
	"context"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
)

// A Profile counts what a data scientist asks of a history first. It is what inspect prints; everything in it is exact.
type Profile struct {
	Account  dataset.Account
	Fields   []dataset.Discovered // all fields that the history has, read or not
	Total    Tally
	Months   []MonthProfile   // in order of time; records without a time last, with Month ""
	Products []ProductProfile // those that the history has, in the order of dataset.Products
	// Pairs counts the records of each pair of session and onboarding clusters: the recorded ones, or those of the standard
	// bands for the Derived answers that carry a score but no cluster.
	Pairs [dataset.NumClusters][dataset.NumClusters]Tally
	// Asked counts, for each recorded session cluster, the statuses of onboarding: who was asked the second question.
	Asked   [dataset.NumClusters][dataset.NumStatuses]int64
	Derived int64
	// ScorePairs count the labeled records that both session and onboarding scored, by the two scores, in their order.
	ScorePairs []ScorePairs
	Actions    [dataset.NumActions]Tally // by the historical action, NoAction where none is recorded
	Flags      []FlagProfile             // the library's red flags, in its order
	Signals    []SignalProfile           // boolean fields
	Codes      []CodeProfile             // reason codes, one entry for each code of each field, the most frequent first
	NotCodes   []string                  // fields left out of Codes because they hold too many values to be codes
	NoAmount   int64                     // records without an amount
	Ages       AgeProfile                // when the frauds of each day were reported
}

// A MonthProfile is one month of a history.
type MonthProfile struct {
	Month string // "2026-03", "" for records without a time
	Tally
}

// A ProductProfile is what one product said.
type ProductProfile struct {
	Product  string
	Statuses [dataset.NumStatuses]int64
	NoScore  int64                        // answers without a score
	Scores   [dataset.MaxScore + 1]Tally  // answers by score
	Clusters [dataset.NumClusters]Tally   // recorded clusters of answers; NoCluster where the answer carried none
	Recorded [dataset.NumClusters]Extents // the scores that each recorded cluster came with
	// Mismatch counts the answers with score and recorded cluster whose cluster is not the one of the published bands.
	WithBoth                           int64
	MismatchStandard, MismatchQuintile int64
}

// Extents are the least and greatest score seen, valid where N is not 0.
type Extents struct {
	Min, Max int
	N        int64
}

// A SignalProfile counts the records by a boolean field.
type SignalProfile struct {
	Field         string
	True, False   Tally
	AbsentRecords int64
}

// A CodeProfile counts the records that carry a reason code.
type CodeProfile struct {
	Field, Code string
	Tally
	// Told are the records on which the product answered, or that carry any code of the field: those that could carry it.
	Told Tally
}

// maxCodes bounds the distinct codes of one field, so that a free text field mapped as codes cannot fill the memory. A field
// with more is left out as a whole: which of its codes came first depends on the number of workers.
const maxCodes = 2000

// notCode stands for all that cannot be a reason code and might be personal data, such as the addresses in a list.
const notCode = "(not a code)"

// ProfileFields returns what a profile reads of the fields that a history has: those that it lists, then what the flags of
// the library read beside them.
func ProfileFields(found []dataset.Discovered) []dataset.Field {
	fields := listedFields(found)
	_, conds, _ := flagConditions(found)
	for _, c := range conds {
		for _, f := range c.Fields {
			if f = readAs(f); !slices.Contains(fields, f) {
				fields = append(fields, f)
			}
		}
	}
	return fields
}

// listedFields are the fields of which a profile lists every value that matters.
func listedFields(found []dataset.Discovered) []dataset.Field {
	fields := []dataset.Field{
		{Name: dataset.LabelField, Kind: dataset.KindLabel},
		{Name: dataset.Amount, Kind: dataset.KindAmount},
		{Name: dataset.Timestamp, Kind: dataset.KindTime},
		{Name: dataset.LabelTime, Kind: dataset.KindTime},
		{Name: dataset.ActionField, Kind: dataset.KindAction},
	}
	for _, product := range dataset.Products {
		f := dataset.Field{Name: dataset.ProductField(product, ""), Kind: dataset.KindState}
		if slices.ContainsFunc(found, func(d dataset.Discovered) bool { return d.Field == f }) {
			fields = append(fields, f, dataset.Field{Name: f.Name + ".score_cluster", Kind: dataset.KindCluster})
		}
	}
	for _, d := range found {
		if (d.Field.Kind == dataset.KindBool || d.Field.Kind == dataset.KindCodes) && !d.Personal {
			fields = append(fields, d.Field)
		}
	}
	return fields
}

// BuildProfile reads a scan, opened with ProfileFields(found), to its end.
func BuildProfile(ctx context.Context, scan *dataset.Scan, found []dataset.Discovered, workers int) (*Profile, error) {
	defer scan.Close()
	if scan.Saved() != nil {
		return nil, errSaved
	}
	parts := make([]*profiler, max(1, workers))
	for i := range parts {
		var err error
		if parts[i], err = newProfiler(found); err != nil {
			return nil, err
		}
	}
	err := drain(ctx, scan, len(parts), func(i int) func(*dataset.Batch) error {
		return func(b *dataset.Batch) error {
			return parts[i].add(b)
		}
	})
	if err != nil {
		return nil, err
	}
	account, err := scan.Account()
	if err != nil {
		return nil, err
	}
	for _, p := range parts[1:] {
		if parts[0].worth += p.worth; parts[0].worth > maxTotal {
			return nil, errTotal
		}
		parts[0].merge(p)
	}
	profile := parts[0].freeze()
	profile.Account, profile.Fields = account, found
	return profile, nil
}

// A profiler counts one worker's share of a history.
type profiler struct {
	Profile
	fields   []dataset.Field
	products []productColumns
	session  int // index into products, -1 where the history has none
	onboard  int
	signals  []int // columns
	codes    []codeCounter
	months   map[string]*Tally
	month    timePart
	pairs    pairCounter
	flags    *flagCounter
	ages     ageCounter
	worth    int64 // amount so far, to refuse an overflow before it happens
}

type productColumns struct{ state, cluster int }

type codeCounter struct {
	column  int
	answers int               // the column of the product's state, -1 where the field belongs to none
	told    Tally             // see CodeProfile
	counts  map[string]*Tally // never more than maxCodes+1
}

func newProfiler(found []dataset.Discovered) (*profiler, error) {
	fields := listedFields(found)
	flags, err := newFlagCounter(found, ProfileFields(found))
	if err != nil {
		return nil, err
	}
	p := &profiler{fields: fields, session: -1, onboard: -1, months: map[string]*Tally{}, flags: flags, ages: newAgeCounter()}
	p.month = timePart{calendar: calendars[Month], column: p.column(dataset.Timestamp)}
	for i, f := range fields {
		switch f.Kind {
		case dataset.KindState:
			name := strings.TrimPrefix(f.Name, "onboarding.")
			switch name {
			case "session":
				p.session = len(p.products)
			case "onboarding":
				p.onboard = len(p.products)
			}
			p.Products = append(p.Products, ProductProfile{Product: name})
			p.products = append(p.products, productColumns{i, i + 1})
		case dataset.KindBool:
			p.signals = append(p.signals, i)
			p.Signals = append(p.Signals, SignalProfile{Field: f.Name})
		case dataset.KindCodes:
			state := dataset.Field{Name: strings.TrimSuffix(f.Name, ".reason_codes"), Kind: dataset.KindState}
			p.codes = append(p.codes, codeCounter{column: i, answers: slices.Index(fields, state), counts: map[string]*Tally{}})
		}
	}
	return p, nil
}

func (p *profiler) column(name string) int {
	return slices.IndexFunc(p.fields, func(f dataset.Field) bool { return f.Name == name })
}

func (p *profiler) add(b *dataset.Batch) error {
	labels := b.Cols[p.column(dataset.LabelField)].U8
	amounts := b.Cols[p.column(dataset.Amount)].I64
	actions := b.Cols[p.column(dataset.ActionField)].U8
	months := make([]uint32, b.N)
	p.month.number(b, months)
	tallies := map[uint32]*Tally{}
	for r := range b.N {
		if b.Rejected(r) {
			continue
		}
		amount := amounts[r]
		if amount == dataset.NoAmount {
			amount = 0
			p.NoAmount++
		}
		label := uint32(labels[r])
		p.worth += amount
		p.Total.add(label, 1, amount)
		p.Actions[actions[r]].add(label, 1, amount)
		t := tallies[months[r]]
		if t == nil {
			t = at(p.months, p.month.nameOf(int(months[r])))
			tallies[months[r]] = t
		}
		t.add(label, 1, amount)
		p.addTime(b, r, label)
		p.addPair(b, r, label, amount)
	}
	for i, c := range p.products {
		p.Products[i].add(b, c, labels, amounts)
	}
	p.addSignals(b, labels, amounts)
	p.flags.add(b, labels, amounts)
	for i := range p.codes {
		p.codes[i].add(b, labels, amounts)
	}
	if p.worth > maxTotal { // as in Builder.Add
		return errTotal
	}
	return nil
}

// at returns the tally of a key, a new one where there is none.
func at(m map[string]*Tally, key string) *Tally {
	t := m[key]
	if t == nil {
		t = &Tally{}
		m[key] = t
	}
	return t
}

func (p *profiler) addTime(b *dataset.Batch, r int, label uint32) {
	p.ages.add(b.Cols[p.month.column].I64[r], b.Cols[p.column(dataset.LabelTime)].I64[r], dataset.Label(label))
}

func (p *profiler) addPair(b *dataset.Batch, r int, label uint32, amount int64) {
	if p.session < 0 || p.onboard < 0 {
		return
	}
	s, o := p.answer(b, r, p.session), p.answer(b, r, p.onboard)
	first, second := p.cluster(s), p.cluster(o)
	p.Pairs[first][second].add(label, 1, amount)
	p.Asked[first][o.State.Status()]++
	p.pairs.add(s.State, o.State, label)
}

// cluster returns the recorded cluster, or the standard one where only a score was recorded.
func (p *profiler) cluster(a Answer) dataset.Cluster {
	c := Recorded.Cluster(a)
	if c != dataset.Unclustered {
		return c
	}
	if c = Standard.Cluster(a); c == dataset.Unclustered {
		return dataset.NoCluster
	}
	p.Derived++
	return c
}

func (p *profiler) answer(b *dataset.Batch, r, product int) Answer {
	c := p.products[product]
	return Answer{b.Cols[c.state].State[r], dataset.Cluster(b.Cols[c.cluster].U8[r])}
}

func (p *ProductProfile) add(b *dataset.Batch, c productColumns, labels []uint8, amounts []int64) {
	clusters := b.Cols[c.cluster].U8
	for r, s := range b.Cols[c.state].State[:b.N] {
		if b.Rejected(r) {
			continue
		}
		p.Statuses[s.Status()]++
		if s.Status() != dataset.OK {
			continue
		}
		cluster, label, amount := dataset.Cluster(clusters[r]), uint32(labels[r]), max(0, amounts[r])
		p.Clusters[cluster].add(label, 1, amount)
		score, found := s.Score()
		if !found {
			p.NoScore++
			continue
		}
		p.Scores[score].add(label, 1, amount)
		if cluster != dataset.NoCluster {
			p.compare(score, cluster)
		}
	}
}

// compare notes a score with the cluster that was recorded beside it.
func (p *ProductProfile) compare(score int, cluster dataset.Cluster) {
	p.Recorded[cluster].add(Extents{score, score, 1})
	p.WithBoth++
	if Standard.Of(score) != cluster {
		p.MismatchStandard++
	}
	if Quintile.Of(score) != cluster {
		p.MismatchQuintile++
	}
}

func (e *Extents) add(f Extents) {
	if f.N == 0 {
		return
	}
	if e.N == 0 {
		*e = f
		return
	}
	*e = Extents{min(e.Min, f.Min), max(e.Max, f.Max), e.N + f.N}
}

func (p *profiler) addSignals(b *dataset.Batch, labels []uint8, amounts []int64) {
	for i, column := range p.signals {
		s := &p.Signals[i]
		for r, v := range b.Cols[column].U8[:b.N] {
			if b.Rejected(r) {
				continue
			}
			switch v {
			case dataset.BoolTrue:
				s.True.add(uint32(labels[r]), 1, max(0, amounts[r]))
			case dataset.BoolFalse:
				s.False.add(uint32(labels[r]), 1, max(0, amounts[r]))
			default:
				s.AbsentRecords++
			}
		}
	}
}

// tell counts the records that could carry a code. Where no product's state tells, every record could.
func (c *codeCounter) tell(b *dataset.Batch, labels []uint8, amounts []int64) {
	for r, i := range b.Cols[c.column].Idx[:b.N] {
		if b.Rejected(r) {
			continue
		}
		if i != 0 || c.answers < 0 || b.Cols[c.answers].State[r].Status() == dataset.OK {
			c.told.add(uint32(labels[r]), 1, max(0, amounts[r]))
		}
	}
}

// add counts each code of a record once, however often the record names it.
func (c *codeCounter) add(b *dataset.Batch, labels []uint8, amounts []int64) {
	c.tell(b, labels, amounts)
	col := &b.Cols[c.column]
	var seen []string
	for r, i := range col.Idx[:b.N] {
		if i == 0 || b.Rejected(r) {
			continue
		}
		seen = seen[:0]
		for code := range strings.SplitSeq(col.Dict[i], ",") {
			code = strings.TrimSpace(code)
			if code == "" || slices.Contains(seen, code) {
				continue
			}
			seen = append(seen, code)
			t := c.counts[code]
			if t == nil && !dataset.IsCode(code) {
				if code = notCode; slices.Contains(seen, code) {
					continue
				}
				seen = append(seen, code)
				t = c.counts[code]
			}
			if t == nil {
				if len(c.counts) > maxCodes {
					continue
				}
				t = at(c.counts, strings.Clone(code))
			}
			t.add(uint32(labels[r]), 1, max(0, amounts[r]))
		}
	}
}

// merge adds the counts of another worker.
func (p *profiler) merge(q *profiler) {
	p.Total = p.Total.Add(q.Total)
	p.NoAmount += q.NoAmount
	p.Derived += q.Derived
	for m, t := range q.months {
		mine := at(p.months, m)
		*mine = mine.Add(*t)
	}
	for i := range p.Actions {
		p.Actions[i] = p.Actions[i].Add(q.Actions[i])
	}
	p.ages.merge(&q.ages)
	for i := range p.Pairs {
		for j := range p.Pairs[i] {
			p.Pairs[i][j] = p.Pairs[i][j].Add(q.Pairs[i][j])
		}
		for j := range p.Asked[i] {
			p.Asked[i][j] += q.Asked[i][j]
		}
	}
	p.pairs.merge(&q.pairs)
	for i := range p.Products {
		p.Products[i].merge(&q.Products[i])
	}
	for i := range p.Signals {
		s, t := &p.Signals[i], q.Signals[i]
		s.True, s.False = s.True.Add(t.True), s.False.Add(t.False)
		s.AbsentRecords += t.AbsentRecords
	}
	p.flags.merge(q.flags)
	for i := range p.codes {
		p.codes[i].told = p.codes[i].told.Add(q.codes[i].told)
		for code, t := range q.codes[i].counts {
			mine := at(p.codes[i].counts, code)
			*mine = mine.Add(*t)
		}
	}
}

func (p *ProductProfile) merge(q *ProductProfile) {
	for i := range p.Statuses {
		p.Statuses[i] += q.Statuses[i]
	}
	for i := range p.Scores {
		p.Scores[i] = p.Scores[i].Add(q.Scores[i])
	}
	for i := range p.Clusters {
		p.Clusters[i] = p.Clusters[i].Add(q.Clusters[i])
		p.Recorded[i].add(q.Recorded[i])
	}
	p.NoScore += q.NoScore
	p.WithBoth += q.WithBoth
	p.MismatchStandard += q.MismatchStandard
	p.MismatchQuintile += q.MismatchQuintile
}

// freeze turns the maps into ordered lists.
func (p *profiler) freeze() *Profile {
	for m, t := range p.months {
		p.Months = append(p.Months, MonthProfile{m, *t})
	}
	slices.SortFunc(p.Months, func(a, b MonthProfile) int {
		if (a.Month == "") != (b.Month == "") {
			return len(b.Month) - len(a.Month)
		}
		return strings.Compare(a.Month, b.Month)
	})
	p.ScorePairs, p.Ages = p.pairs.freeze(), p.ages.freeze()
	p.Flags = p.flags.freeze(p.Total.N())
	for _, c := range p.codes {
		if len(c.counts) > maxCodes {
			p.NotCodes = append(p.NotCodes, p.fields[c.column].Name)
			continue
		}
		for code, t := range c.counts {
			p.Codes = append(p.Codes, CodeProfile{p.fields[c.column].Name, code, *t, c.told})
		}
	}
	slices.SortFunc(p.Codes, func(a, b CodeProfile) int {
		if d := b.N() - a.N(); d != 0 {
			return int(d)
		}
		return strings.Compare(a.Field+" "+a.Code, b.Field+" "+b.Code)
	})
	return &p.Profile
}

// ImpliedEdges returns the bands that the recorded clusters imply: the lowest score seen in each cluster above very_low, 0
// where the history does not tell. consistent is false where the clusters' scores overlap, so that no bands explain them.
func (p *ProductProfile) ImpliedEdges() (edges [4]int, consistent bool) {
	consistent = true
	highest := -1
	for _, c := range dataset.Clusters {
		e := p.Recorded[c]
		if e.N == 0 {
			continue
		}
		if c > dataset.VeryLow {
			edges[c-dataset.Low] = e.Min
		}
		if e.Min <= highest {
			consistent = false
		}
		highest = e.Max
	}
	return edges, consistent
}
