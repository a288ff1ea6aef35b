package calibrate

import (
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A ScoreIndex is the stability index of one distribution, with its bins.
type ScoreIndex struct {
	// Of names the product, or the field of a segment. By says what the bins are: "deciles" of the baseline's scores, the standard
	// "bands", the recorded "clusters", or the "values" of a segment.
	Of, By string
	Index
	Names     []string // of the bins
	Base, Now []int64  // records in each
}

// indices looks at the scores and the clusters of each product. An answer without a score is in no bin of scores: how many there
// are is told by Answers. An answer without a recorded cluster is a bin of its own.
func (d *Drift) indices() {
	for _, name := range d.products() {
		b, a := d.Baseline.product(name), d.Period.product(name)
		if b.Scores != nil || a.Scores != nil {
			d.scores(name, "deciles", Deciles(b.Scores), b, a)
			d.scores(name, "bands", append(ScoreBins{0}, replay.Standard.Edges[:]...), b, a)
		}
		if x := clusterIndex(name, b, a); x.Bins > 0 {
			d.Scores = append(d.Scores, x)
		}
	}
	d.segments()
	var list []*Index
	for i := range d.Scores {
		list = append(list, &d.Scores[i].Index)
	}
	for i := range d.Segments {
		list = append(list, &d.Segments[i].Index)
	}
	d.IndexTests = adjustIndices(list, d.Confidence)
}

func (d *Drift) scores(product, by string, bins ScoreBins, base, now replay.ProductTraits) {
	if bins == nil { // no score in the baseline
		return
	}
	x := ScoreIndex{Of: product, By: by, Base: totals(bins.Count(base.Scores)), Now: totals(bins.Count(now.Scores))}
	for i := range bins {
		x.Names = append(x.Names, bins.Name(i))
	}
	x.Index = PSI(x.Base, x.Now)
	d.Scores = append(d.Scores, x)
}

func clusterIndex(product string, base, now replay.ProductTraits) ScoreIndex {
	x := ScoreIndex{Of: product, By: "clusters"}
	recorded := int64(0)
	for c := range base.Clusters {
		name := dataset.Cluster(c).String()
		if dataset.Cluster(c) == dataset.NoCluster {
			name = "none"
		} else {
			recorded += base.Clusters[c] + now.Clusters[c]
		}
		x.Names, x.Base, x.Now = append(x.Names, name), append(x.Base, base.Clusters[c]), append(x.Now, now.Clusters[c])
	}
	if recorded > 0 { // else the history records none
		x.Index = PSI(x.Base, x.Now)
	}
	return x
}

// A TraitShift is how often records show something: that a signal is true or absent, that a reason code was given, or that a
// segment's field has a value.
type TraitShift struct {
	Kind         string // "signal", "code" or "segment"
	Field, Value string
	Base, Now    Portion
	// CSI is the stability index of showing it against not showing it.
	CSI Number
	// P is the exact p-value of the two shares being one (Fisher, two-sided), Adjusted P corrected for all that were looked at
	// (Holm).
	P, Adjusted Number
}

// Changed reports whether the share has changed by more than chance, at a confidence for all that were looked at together.
func (t TraitShift) Changed(confidence float64) bool { return float64(t.Adjusted) <= 1-confidence }

// traits looks at signals, codes and segments. What every record of both sides shows, or none, is left out.
func (d *Drift) traits() {
	b, a := d.Baseline.Traits, d.Period.Traits
	for _, field := range fieldsOf(b.Signals, a.Signals, signalField) {
		s, t := named(b.Signals, field, signalField), named(a.Signals, field, signalField)
		d.trait("signal", field, "true", Portion{s.True, s.True + s.False}, Portion{t.True, t.True + t.False})
		d.trait("signal", field, "absent", Portion{s.Absent, s.True + s.False + s.Absent}, Portion{t.Absent, t.True + t.False + t.Absent})
	}
	for _, field := range fieldsOf(b.Codes, a.Codes, codeField) {
		if s, t := named(b.Codes, field, codeField), named(a.Codes, field, codeField); !s.TooMany && !t.TooMany {
			d.codes(field, s, t)
		}
	}
	for _, s := range d.Segments {
		for i, name := range s.Names {
			d.trait("segment", s.Of, name, Portion{s.Base[i], s.N}, Portion{s.Now[i], s.M})
		}
	}
	var p []float64
	for _, t := range d.Traits {
		p = append(p, float64(t.P))
	}
	for i, v := range HolmAdjusted(p) {
		d.Traits[i].Adjusted = Number(v)
	}
	d.TraitTests = len(p)
}

// Two histories may have been asked for different fields, so these go by their names.
func signalField(s replay.SignalTraits) string { return s.Field }
func codeField(c replay.CodeTraits) string     { return c.Field }

// fieldsOf returns the fields of two lists, those of the first in its order and then what only the second has.
func fieldsOf[T any](a, b []T, field func(T) string) []string {
	var out []string
	for _, x := range slices.Concat(a, b) {
		if name := field(x); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// named returns the element of a field, the zero value where there is none.
func named[T any](list []T, name string, field func(T) string) (none T) {
	for _, x := range list {
		if field(x) == name {
			return x
		}
	}
	return none
}

func (d *Drift) codes(field string, base, now replay.CodeTraits) {
	before, after := valueCounts(base.Codes), valueCounts(now.Codes)
	var names []string
	for _, c := range slices.Concat(base.Codes, now.Codes) {
		names = append(names, c.Value)
	}
	slices.Sort(names)
	for _, code := range slices.Compact(names) {
		d.trait("code", field, code, Portion{before[code], base.Told}, Portion{after[code], now.Told})
	}
}

func (d *Drift) trait(kind, field, value string, base, now Portion) {
	if !(Shift{Base: base, Now: now}).testable() {
		return
	}
	d.Traits = append(d.Traits, TraitShift{Kind: kind, Field: field, Value: value, Base: base, Now: now,
		CSI: PSI([]int64{base.K, base.N - base.K}, []int64{now.K, now.N - now.K}).PSI,
		P:   Number(FisherTwoSided(now.K, now.N, base.K, base.N))})
}

// segments counts the values of each text field of the traits, and of each field beside month and day that the cube is split by.
func (d *Drift) segments() {
	b, a := d.Baseline.Traits.Texts, d.Period.Traits.Texts
	for _, field := range fieldsOf(b, a, textField) {
		d.segment(field, valueCounts(named(b, field, textField).Values), valueCounts(named(a, field, textField).Values))
	}
	for at, field := range d.Period.Result.By {
		if field != replay.Month && field != replay.Day {
			d.segment(field, valuesOf(d.Baseline.Result, at), valuesOf(d.Period.Result, at))
		}
	}
}

func (d *Drift) segment(field string, before, after map[string]int64) {
	x := ScoreIndex{Of: field, By: "values"}
	for _, counts := range []map[string]int64{before, after} {
		for value := range counts {
			x.Names = append(x.Names, value)
		}
	}
	slices.Sort(x.Names)
	x.Names = slices.Compact(x.Names)
	for _, name := range x.Names {
		x.Base, x.Now = append(x.Base, before[name]), append(x.Now, after[name])
	}
	x.Index = PSI(x.Base, x.Now)
	d.Segments = append(d.Segments, x)
}

func textField(t replay.TextTraits) string { return t.Field }

func valueCounts(list []replay.ValueCount) map[string]int64 {
	out := map[string]int64{}
	for _, v := range list {
		out[v.Value] = v.Records
	}
	return out
}

func valuesOf(r *replay.Result, at int) map[string]int64 {
	out := map[string]int64{}
	for i := range r.Groups {
		out[r.Groups[i].Key[at]] += r.Groups[i].Total().N()
	}
	return out
}
