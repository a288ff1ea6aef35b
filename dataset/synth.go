package dataset

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
)

// Synth writes a made-up history to w as JSON lines in the shape of the vendor's API, and returns what is true of it. The
// output is a function of the options alone: neither the number of cores nor the time zone changes a byte.
//
// Nothing in it looks like a person: every record says "synthetic":true, ids begin with "synth-", e-mail addresses are at
// example.com (RFC 2606), telephone numbers are +44 7700 900000..900999 (kept free for drama by Ofcom) and addresses lie in
// 192.0.2.0/24 (RFC 5737).
//
// # The model
//
// A record is fraud with probability FraudRate times the factor of its first segment, whose mean over records is one. Given
// fraud or legit it belongs to one of a few kinds k with probability w(k|class); given its kind, the scores of session and
// onboarding are independent, each a normal variable that is rounded and clipped:
//
//	score = min(1000, max(0, round(mean(k) + sd(k) Z))),  Z standard normal
//	P(score = s | k) = F(s+1/2) - F(s-1/2), with the tails below 0 and above 1000 added to the ends
//	P(fraud | s, o)  = r sum_fraud w(k) P(s|k) P(o|k) / [that + (1-r) sum_legit w(k) P(s|k) P(o|k)],  r = FraudRate
//
// The scores of a legit and of a fraud record are thus dependent within the class, through the kinds. Weights, means and
// deviations are in synthKinds; Population chooses among the kinds of fraud. Which answers are lost (Missing, Processing,
// Failed), how long a label takes and which blocked record is let through depend on neither class nor scores, so the
// formula also holds for the records in which both scores can be seen. Reason codes, signals and amount depend on the kind
// and carry information beyond the scores, except in population N, where only the amount does.
//
// Labels take an exponential time of mean LabelDelay, whatever the class: of records that are t days old at AsOf a share
// 1 - exp(-t/LabelDelay) is known, and the fraud rate among the known is not biased.
func Synth(w io.Writer, opt SynthOptions) (Truth, error) {
	return synthesize(w, opt, (*synthesizer).appendRecord)
}

// SynthLabels writes the labels that Synth would write with the same options as a file of their own: the vendor's
// training-set CSV, customer_id,label with ok and ko, one line for each record whose label is known.
func SynthLabels(w io.Writer, opt SynthOptions) error {
	if _, err := io.WriteString(w, "customer_id,label\n"); err != nil {
		return err
	}
	_, err := synthesize(w, opt, (*synthesizer).appendLabel)
	return err
}

// chunkRecords is how many records share a random source. It is a multiple of ringSize, so that no ring is cut, and part of
// the format: another value makes another history of the same seed.
const chunkRecords = 2000

// A synthChunk is a run of records as text, with its share of the truth.
type synthChunk struct {
	text  bytes.Buffer
	truth synthTally
}

// synthesize generates the records of opt chunk by chunk in parallel and writes them in order.
func synthesize(w io.Writer, opt SynthOptions, render func(*synthesizer, []byte, *synthRecord) []byte) (Truth, error) {
	o, err := opt.resolve()
	if err != nil {
		return Truth{}, err
	}
	s := newSynthesizer(o)
	chunks := (o.Records + chunkRecords - 1) / chunkRecords
	depth := min(2*int64(runtime.GOMAXPROCS(0)), chunks)
	slots := make([]chan *synthChunk, depth)
	started := int64(0)
	start := func(c *synthChunk) {
		i := started
		go func() {
			s.fill(c, i, render)
			slots[i%depth] <- c
		}()
		started++
	}
	for i := range slots {
		slots[i] = make(chan *synthChunk, 1)
		start(new(synthChunk))
	}
	total := s.newTally()
	for i := int64(0); i < started; i++ {
		c := <-slots[i%depth]
		if err != nil {
			continue // every goroutine is waited for, even after a failed write
		}
		total.add(&c.truth)
		if _, err = w.Write(c.text.Bytes()); err == nil && started < chunks {
			start(c)
		}
	}
	if err != nil {
		return Truth{}, fmt.Errorf("writing synthetic records: %w", err)
	}
	return s.truth(total), nil
}

// fill generates chunk i.
func (s *synthesizer) fill(c *synthChunk, i int64, render func(*synthesizer, []byte, *synthRecord) []byte) {
	c.text.Reset()
	c.truth = s.newTally()
	d := s.newDrawer(i)
	first := i * chunkRecords
	for n := first; n < min(first+chunkRecords, s.Records); n++ {
		r := d.next(n)
		c.truth.count(r)
		c.text.Grow(maxRecordBytes)
		c.text.Write(render(s, c.text.AvailableBuffer(), r))
	}
}
