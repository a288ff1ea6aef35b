package calibrate

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// stopsUnlabeled draws a history of which the champion's blocks have no label.
func stopsUnlabeled(p population, champion *replay.Policy, n int, seed uint64) []testRecord {
	records := p.history(n, rand.New(rand.NewPCG(21, seed)))
	for i, r := range records {
		records[i].amount = 100
		if champion.Decide(replay.Case{First: r.session, Second: r.onboarding}).Action != dataset.Approve {
			records[i].label = dataset.Unlabeled
		}
	}
	return records
}

// TestUnlabeledBlocksAreNoProof: where what the champion blocks has no outcome, nobody knows how many good customers it turns
// away. Counted by outcomes alone, no policy that blocks the same turns anybody away, and of the certificates of an insult rate
// of at most 15 %, every one was wrong: the policies block 22 % of good customers.
func TestUnlabeledBlocksAreNoProof(t *testing.T) {
	champion, p := honestChampion(), populations()[0]
	for seed := range uint64(3) {
		cube := cubeOf(t, byMonth(champion), stopsUnlabeled(p, champion, 4000, seed))
		c, err := Calibrate(cube, champion, fraudGoals(t, "fraud_rate <= 0.5%", "insult_rate <= 15%"))
		if err != nil {
			t.Fatal(err)
		}
		if best, found := c.Recommendation(); found {
			t.Errorf("an insult rate is certified that no record tells: %+v", best.Counts)
		}
		if !slices.ContainsFunc(c.Warnings(), func(w Warning) bool { return w.Code == StoppedLabels }) {
			t.Error("no warning that the rates beside the walk know nothing of what is blocked")
		}
		// Of the champion's own limits, the fraud rate is known and the insult rate is not.
		if fraud, insult := c.Standing[0], c.Standing[1]; fraud.Withheld != 0 || insult.Withheld == 0 || insult.K != insult.Withheld || insult.Met {
			t.Errorf("the champion: %+v and %+v", fraud, insult)
		}
		g := fraudGoals(t, "insult_rate <= 22%")
		g.Objective = MostCapture
		if c, err = Calibrate(cube, champion, g); err != nil {
			t.Fatal(err)
		}
		if best, found := c.Recommendation(); found {
			if insult := insults(p, best.Policy); insult > 0.22 {
				t.Errorf("seed %d: a policy that turns %.1f %% of good customers away is certified for 22 %%", seed, 100*insult)
			}
		}
	}
}

// insults is the true share of good customers that a policy blocks.
func insults(p population, pol *replay.Policy) (share float64) {
	for i := range honestyScores {
		for j := range honestyScores {
			if pol.Decide(replay.Case{First: withScore(position(i)), Second: withScore(position(j))}).Action == dataset.Block {
				share += p.legit[0][i] * p.legit[1][j]
			}
		}
	}
	return share
}

// TestCheckedLimitsHearToo: a limit that is only checked is not kept by approving what nobody knows the outcome of.
func TestCheckedLimitsHearToo(t *testing.T) {
	champion, p := honestChampion(), populations()[0]
	p.fraud = 0.05
	cube := cubeOf(t, byMonth(champion), stopsUnlabeled(p, champion, 3000, 1))
	c, err := Calibrate(cube, champion, fraudGoals(t, "fraud_bps <= 100", "review_rate <= 30%"))
	if err != nil {
		t.Fatal(err)
	}
	for i, at := range c.Candidates {
		if rate, _ := p.truth(at.Policy); at.Checked && rate > 0.02 {
			t.Errorf("step %d: a policy of a true rate of %.2f %% keeps 100 basis points", i+1, 100*rate)
		}
	}
}

// TestHidden: which outcome of an unlabeled record hurts a limit, by what the policy does with it.
func TestHidden(t *testing.T) {
	const none, legit, fraud = dataset.Unlabeled, dataset.Legit, dataset.Fraud
	for _, tt := range []struct {
		limit string
		want  [dataset.NumActions]dataset.Label // undecided, approve, monitor, step_up, review, block
	}{
		{"fraud_rate <= 1%", [...]dataset.Label{fraud, fraud, fraud, none, none, none}},
		{"fraud_bps <= 10", [...]dataset.Label{fraud, fraud, fraud, none, none, none}},
		{"fraud_capture >= 80%", [...]dataset.Label{fraud, fraud, fraud, none, none, none}},
		{"insult_rate <= 2%", [...]dataset.Label{legit, none, none, none, none, legit}},
		{"good_approval_rate >= 90%", [...]dataset.Label{legit, none, none, legit, legit, legit}},
		{"precision >= 50%", [...]dataset.Label{legit, none, none, none, none, legit}},
		{"review_rate <= 5%", [...]dataset.Label{none, none, none, none, none, none}},
		{"review_per_day <= 5", [...]dataset.Label{none, none, none, none, none, none}},
	} {
		got, err := newTarget(mustLimit(t, tt.limit), honestChampion(), nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got.hidden != tt.want {
			t.Errorf("%s: %v, want %v", tt.limit, got.hidden, tt.want)
		}
	}
	rate, err := newTarget(mustLimit(t, "fraud_rate <= 1%"), honestChampion(), nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	var c replay.Counts
	c.Actions[dataset.Approve].Records[none], c.Actions[dataset.Approve].Amount[none] = 10, 1000
	c.Actions[replay.Undecided].Records[none] = 7
	heard, n := rate.withhold(c, withholding{labels: [dataset.NumActions]int64{replay.Undecided: 9, dataset.Approve: 4, dataset.Block: 5}})
	if k, of := rate.count(heard); n != 11 || k != 11 || of != 11 || heard.Actions[dataset.Approve].Amount[fraud] != 400 || heard.Total().N() != 17 {
		t.Errorf("%d withheld, %d of %d, %+v", n, k, of, heard)
	}
}

// TestClaimOfIncompleteLabels: where labels are missing, the claim does not assume them complete.
func TestClaimOfIncompleteLabels(t *testing.T) {
	champion := honestChampion()
	records := populations()[0].history(3000, rand.New(rand.NewPCG(22, 1)))
	claimOf := func() string {
		c, err := Calibrate(cubeOf(t, byMonth(champion), records), champion, fraudGoals(t, "fraud_rate <= 1.5%"))
		if err != nil {
			t.Fatal(err)
		}
		cert, err := c.Certificate()
		if err != nil || cert == nil {
			t.Fatalf("%v, %v", cert, err)
		}
		return cert.Claim
	}
	if got, want := claimOf(), "independent applicants and complete labels."; !strings.Contains(got, want) {
		t.Errorf("%s\nwant %s", got, want)
	}
	for i := range 300 {
		records[6000+i].label = dataset.Unlabeled
	}
	if got, want := claimOf(), "independent applicants and labels missing by chance alone (300 of 3,000 records have none)."; !strings.Contains(got, want) {
		t.Errorf("%s\nwant %s", got, want)
	}
}
