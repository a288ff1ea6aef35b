package reports

import (
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// TestUnseenSwapIns checks the counts that the question is about, and the sentence in each case of the break-even.
func TestUnseenSwapIns(t *testing.T) {
	var s replay.Swap
	set := func(a, b dataset.Action, legit, fraud, unlabeled int64) {
		r := &s.Actions[a][b].Records
		r[dataset.Legit], r[dataset.Fraud], r[dataset.Unlabeled] = legit, fraud, unlabeled
	}
	set(dataset.Approve, dataset.Approve, 900, 10, 50) // the 50 are young, and as the others
	set(dataset.Block, dataset.Monitor, 80, 10, 40)
	set(dataset.Approve, dataset.Block, 30, 30, 7)
	got := calibrate.SelectiveSwap(&s)
	if want := (calibrate.Selective{Frauds: 20, Known: 1000, Unknown: 40}); got != want {
		t.Fatalf("%+v, want %+v", got, want)
	}
	// The champion's rate is 40 of 970: with q frauds of the 40, (20+q)/1040 is no more up to q = 22.9.
	for champion, want := range map[calibrate.Number]string{
		calibrate.Number(40.0 / 970): "no more than 57.22 % of them are fraud, 28.61 times",
		0.0001:                       "Even if none of them is fraud, the challenger's fraud rate is above",
		0.5:                          "Even if all of them are fraud, the challenger's fraud rate is below",
		calibrate.Undefined():        "no rate to stay below",
	} {
		q := openQuestion{Selective: got, who: "the challenger", reference: "the champion", rate: champion, confidence: 0.95}
		if text := q.breakEven(); !strings.Contains(text, want) {
			t.Errorf("champion %v: %s, want %s", champion, text, want)
		}
	}
	if rate := championRate(&s); rate != calibrate.Number(40.0/970) {
		t.Errorf("champion's rate %v", rate)
	}
}
