package calibrate

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

const (
	coverageRecords = 10_000
	coverageFraud   = 0.1
)

// A coverageHistory is a synthetic history as a file would hold it, and what is true of it. It is read as any file is.
type coverageHistory struct {
	opt   dataset.SynthOptions
	text  []byte
	truth dataset.Truth
}

// newCoverageHistory draws a history in which nothing is hidden but what the options say. What
// goes wrong with it panics: the histories are drawn and read by goroutines that cannot end a test.
func newCoverageHistory(opt dataset.SynthOptions, seed uint64) *coverageHistory {
	opt.Records, opt.Seed, opt.FraudRate, opt.TrueLabel, opt.Segments = coverageRecords, seed, coverageFraud, true, []string{}
	for _, rate := range []*float64{&opt.Missing, &opt.Processing, &opt.Failed, &opt.LabelDelay, &opt.Rings} {
		if *rate == 0 {
			*rate = -1 // none
		}
	}
	var text bytes.Buffer
	truth, err := dataset.Synth(&text, opt)
	if err != nil {
		panic(err)
	}
	return &coverageHistory{opt, text.Bytes(), truth}
}

// twin returns the history of the same people under other options.
func (h *coverageHistory) twin(change func(*dataset.SynthOptions)) *coverageHistory {
	opt := h.opt
	change(&opt)
	return newCoverageHistory(opt, h.opt.Seed)
}

// silenceIsLegit returns the history with every record that has no label labeled legit.
func (h *coverageHistory) silenceIsLegit() *coverageHistory {
	return &coverageHistory{h.opt, bytes.ReplaceAll(h.text, []byte(`"label":null`), []byte(`"label":"ok"`)), h.truth}
}

// run replays a policy, with the labels as they are recorded or, with "true_label", as they really are.
func (h *coverageHistory) run(pol *replay.Policy, label string, m replay.Maturity) (*replay.Cube, *replay.Result) {
	plan, err := replay.NewPlan(replay.Question{Policies: []*replay.Policy{pol}, Maturity: m})
	if err != nil {
		panic(err)
	}
	cube, err := replay.Build(context.Background(), plan, h.scan(label, plan.Fields()), 1, nil)
	if err != nil {
		panic(err)
	}
	result, err := cube.Run(pol)
	if err != nil {
		panic(err)
	}
	return cube, result
}

func (h *coverageHistory) scan(label string, fields []dataset.Field) *dataset.Scan {
	scan, err := dataset.Open(context.Background(), []string{"-"}, bytes.NewReader(h.text),
		dataset.Options{Fields: fields, Mapping: dataset.Mapping{Fields: map[string]string{dataset.LabelField: label}}})
	if err != nil {
		panic(err)
	}
	return scan
}

// measure returns a measure of a policy on the history as it is recorded.
func (h *coverageHistory) measure(pol *replay.Policy, name string) Measure {
	_, r := h.run(pol, dataset.LabelField, replay.Maturity{})
	m, found := Find(Setting{Confidence: coverageLevel, Open: &r.Open}.Measures(pol, r.Counts), name)
	if !found {
		panic("no measure " + name)
	}
	return m
}

// counted returns a measure of a policy with the true labels, as a number.
func (h *coverageHistory) counted(pol *replay.Policy, name string) float64 {
	_, r := h.run(pol, "true_label", replay.Maturity{})
	m, _ := Find(Measures(pol, r.Counts, coverageLevel), name)
	return float64(m.Value)
}

// A coverageRow is a record as the estimators see it.
type coverageRow struct {
	session, onboarding int // scores, -1 for none
	label               dataset.Label
	at, known           int64 // of the record and its label, in microseconds since 1970
	probability         float64
	account             string
}

var coverageFields = []dataset.Field{
	{Name: "session", Kind: dataset.KindState}, {Name: "onboarding", Kind: dataset.KindState}, {Name: dataset.LabelField, Kind: dataset.KindLabel},
	{Name: dataset.Timestamp, Kind: dataset.KindTime}, {Name: dataset.LabelTime, Kind: dataset.KindTime},
	{Name: "approval_probability", Kind: dataset.KindNumber}, {Name: "account_id", Kind: dataset.KindText},
}

// rows yields the records in order.
func (h *coverageHistory) rows(yield func(coverageRow)) {
	scan := h.scan(dataset.LabelField, coverageFields)
	defer scan.Close()
	score := func(s dataset.State) int {
		if n, found := s.Score(); found {
			return n
		}
		return -1
	}
	var b dataset.Batch
	for {
		switch err := scan.Next(context.Background(), &b); {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			panic(err)
		}
		for i := range b.N {
			c := b.Cols
			yield(coverageRow{score(c[0].State[i]), score(c[1].State[i]), dataset.Label(c[2].U8[i]), c[3].I64[i], c[4].I64[i], c[5].F64[i], c[6].Dict[c[6].Idx[i]]})
		}
	}
}

// byScores is a policy on the clusters of both scores, recomputed from the bands that Synth records. It asks onboarding where asks
// says so, lets through what is approved, reviews what did not answer and blocks the rest.
func byScores(asks func(session dataset.Cluster) bool, approves func(session, onboarding dataset.Cluster) bool) *replay.Policy {
	p := &replay.Policy{Name: "asked", First: "session", Second: "onboarding", FirstBands: replay.Standard, SecondBands: replay.Standard}
	action := func(yes bool) dataset.Action {
		if yes {
			return dataset.Approve
		}
		return dataset.Block
	}
	p.Gate[dataset.NoCluster], p.Gate[dataset.Unclustered] = dataset.Review, dataset.Review
	for _, s := range dataset.Clusters {
		if !asks(s) {
			p.Gate[s] = action(approves(s, dataset.NoCluster))
			continue
		}
		p.Gate[s] = replay.Next
		p.Matrix[s][dataset.NoCluster], p.Matrix[s][dataset.Unclustered] = dataset.Review, dataset.Review
		for _, o := range dataset.Clusters {
			p.Matrix[s][o] = action(approves(s, o))
		}
	}
	return p
}

func always(dataset.Cluster) bool { return true }

// model returns the true share of fraud among what a policy approves and the true share that it approves, where every answer comes:
// the probabilities of the model behind the history, by cell of both clusters.
func (h *coverageHistory) model(pol *replay.Policy) (rate, approved float64) {
	fraud := 0.0
	for _, c := range h.truth.Cells {
		d := pol.Decide(replay.Case{First: withScore(someScore(c.Session)), Second: withScore(someScore(c.Onboarding))})
		if d.Action == dataset.Approve {
			approved += c.Share
			fraud += c.Share * c.Probability
		}
	}
	return fraud / approved, approved
}

// someScore returns a score of a cluster.
func someScore(cluster string) int {
	c, _ := dataset.ClusterNamed(cluster)
	return edgesOf(replay.Standard)[c-dataset.VeryLow]
}

// clusterOf returns the cluster of a score.
func clusterOf(score int) dataset.Cluster { return replay.Standard.Cluster(withScore(score)) }

// naively returns k of n with its Wilson interval: what is printed where nobody asks how a number came about.
func naively(k, n int64) (value, low, high float64) {
	low, high = Wilson(k, n, coverageLevel)
	return float64(k) / float64(n), low, high
}

// noTwin is for an answer without bounds.
var noTwin = math.NaN()
