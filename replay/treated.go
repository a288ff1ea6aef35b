package replay

import (
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
)

// Treated counts what came of the step-ups and the reviews that production did, by label.
type Treated struct{ StepUps, Reviews Treatment }

// A Treatment counts the records of one treatment whose outcome was recorded: those that came through, which passed the step-up
// or were approved by the review, and those that did not, which failed, gave up or were rejected.
type Treatment struct {
	Passed, Stopped [dataset.NumLabels]int64
	// Other counts outcomes that are none of the known words; they are in neither of the above.
	Other int64
}

// The treatments in the order of treatedFields.
const (
	stepUps = iota
	reviews
	numTreatments
)

var treatedFields = [numTreatments]string{dataset.StepUpOutcome, dataset.ReviewOutcome}

// outcomeWords are the outcomes that are known, in any case: true where the customer came through. A word means the same of a
// step-up and of a review.
var outcomeWords = map[string]bool{
	"passed": true, "pass": true, "success": true, "succeeded": true, "completed": true, "approved": true, "approve": true, "accepted": true, "accept": true,
	"failed": false, "fail": false, "failure": false, "abandoned": false, "abandon": false, "timeout": false, "cancelled": false, "canceled": false,
	"rejected": false, "reject": false, "declined": false, "decline": false, "denied": false, "blocked": false,
}

// Add returns the sum of two counts.
func (t Treated) Add(u Treated) Treated {
	return Treated{t.StepUps.add(u.StepUps), t.Reviews.add(u.Reviews)}
}

func (t Treatment) add(u Treatment) Treatment {
	for y := range t.Passed {
		t.Passed[y] += u.Passed[y]
		t.Stopped[y] += u.Stopped[y]
	}
	t.Other += u.Other
	return t
}

// N returns the records whose outcome is known.
func (t Treatment) N() (n int64) {
	for y := range t.Passed {
		n += t.Passed[y] + t.Stopped[y]
	}
	return n
}

// Treated returns the counts of all records; they are zero where the question did not ask for outcomes.
func (c *Cube) Treated() (t Treated) {
	for i := range c.groups {
		t = t.Add(c.groups[i].treated)
	}
	return t
}

// A treatedCounter counts outcomes by group, as the builder numbers them.
type treatedCounter struct {
	groups []Treated
	words  [numTreatments]wordCache
}

// The ways in which a text can be an outcome.
const (
	noOutcome uint8 = iota + 1 // the zero value of a wordCache's entry is one that was not looked at
	cameThrough
	wasStopped
	otherOutcome
)

// A wordCache keeps what the entries of a dictionary mean.
type wordCache struct {
	dict uint64
	of   []uint8
}

// begin makes room for the dictionary of a batch's column, and forgets another's.
func (w *wordCache) begin(c *dataset.Column) {
	if c.DictID == 0 || c.DictID != w.dict {
		w.dict = c.DictID
		w.of = w.of[:0]
	}
	if grow := len(c.Dict) - len(w.of); grow > 0 {
		w.of = append(w.of, make([]uint8, grow)...)
	}
}

// mean returns what an entry of the column means.
func (w *wordCache) mean(c *dataset.Column, i uint32) uint8 {
	if w.of[i] == 0 {
		w.of[i] = outcomeOf(c.Dict[i])
	}
	return w.of[i]
}

func outcomeOf(text string) uint8 {
	text = strings.ToLower(strings.TrimSpace(text))
	passed, known := outcomeWords[text]
	switch {
	case text == "" || text == "none" || text == "null":
		return noOutcome
	case !known:
		return otherOutcome
	case passed:
		return cameThrough
	}
	return wasStopped
}

// add counts the outcomes of a batch whose records were assigned to groups.
func (t *treatedCounter) add(b *Builder, batch *dataset.Batch) {
	for len(t.groups) < b.groupCount() {
		t.groups = append(t.groups, Treated{})
	}
	labels := batch.Cols[b.plan.label].U8
	for i, column := range b.plan.treated {
		c, words := &batch.Cols[column], &t.words[i]
		words.begin(c)
		for r := range batch.N {
			if c.Idx[r] == 0 || batch.Rejected(r) { // entry 0 is the empty text, of records without the field
				continue
			}
			into := &t.groups[b.group[r]].StepUps
			if i == reviews {
				into = &t.groups[b.group[r]].Reviews
			}
			n := batch.Weight(r)
			switch words.mean(c, c.Idx[r]) {
			case cameThrough:
				into.Passed[labels[r]] += n
			case wasStopped:
				into.Stopped[labels[r]] += n
			case otherOutcome:
				into.Other += n
			}
		}
	}
}
