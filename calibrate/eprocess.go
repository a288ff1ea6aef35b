package calibrate

import (
	"fmt"
	"math"
)

// An EProcess watches a rate that is to stay at most Target, and can be looked at after every batch for ever: the evidence E
// starts at 1, and while the rate is at most Target it ever exceeds 1/delta with a probability of at most delta, whenever and
// however often one looks (Ville's inequality; Ramdas et al., "Game-theoretic statistics and safe anytime-valid inference", 2023).
// A p-value that is looked at each month has no such property.
//
// Each record multiplies E by 1 + Bet (y - Target), y = 1 for a fraud and 0 otherwise. That is the likelihood ratio of the rate
// Target + Bet Target (1-Target) against Target, so that E rises fastest where the rate has become that one; see BetAgainst.
//
// It is a plain value to be stored between runs. What E lost in years of calm it must win back first: an alarm on a rate that
// changes some day is a Watch.
type EProcess struct {
	Target float64 `json:"target"`
	Bet    float64 `json:"bet"`
	// Records and Frauds are those counted so far.
	Records int64 `json:"records"`
	Frauds  int64 `json:"frauds"`
	// LogMost is the natural logarithm of the greatest E at the end of a batch, 0 or more.
	LogMost float64 `json:"log_most"`
}

// NewEProcess returns a process that has seen nothing. target is in (0, 1) and bet in (0, 1/target), above which a legit record
// would leave a negative E; both must have been fixed before the data were seen.
func NewEProcess(target, bet float64) EProcess {
	e := EProcess{Target: target, Bet: bet}
	e.check()
	return e
}

func (e EProcess) check() {
	checkBet(e.Target, e.Bet)
	checkCount(e.Frauds, e.Records)
}

func checkBet(target, bet float64) {
	check(0, 0, target)
	if !(bet > 0 && bet*target < 1) {
		panic(fmt.Sprintf("calibrate: bet of %v on a target of %v, not in (0, %v)", bet, target, 1/target))
	}
}

// BetAgainst returns the bet that grows fastest where the rate is not target but the higher one: (rate - target) / (target
// (1-target)), Kelly's. Both are in (0, 1), rate above target. 2 on 0.5 % is 1.495 %, three times as much.
func BetAgainst(target, rate float64) float64 {
	check(0, 0, target)
	check(0, 0, rate)
	if rate <= target {
		panic(fmt.Sprintf("calibrate: rate %v not above the target %v", rate, target))
	}
	return (rate - target) / (target * (1 - target))
}

// Add returns the process after a batch of records, such as the approvals that have become mature this month, of which so many
// were frauds. It is looked at once the batch is counted, not within: the order of a batch plays no role.
func (e EProcess) Add(frauds, records int64) EProcess {
	e.check()
	checkCount(frauds, records)
	if e.Records > math.MaxInt64-records {
		panic("calibrate: more records than an int64 counts")
	}
	e.Frauds += frauds
	e.Records += records
	e.LogMost = math.Max(e.LogMost, e.LogE())
	return e
}

// LogE returns the natural logarithm of the evidence now. It depends on the counts alone, not on their batches.
func (e EProcess) LogE() float64 { return logEvidence(e.Target, e.Bet, e.Frauds, e.Records) }

func logEvidence(target, bet float64, frauds, records int64) float64 {
	return float64(frauds)*math.Log1p(bet*(1-target)) + float64(records-frauds)*math.Log1p(-bet*target)
}

// PValue returns the anytime-valid p-value of the hypothesis that the rate is at most Target: 1 over the greatest E so far.
func (e EProcess) PValue() float64 { return math.Exp(-e.LogMost) }

// Alarm reports whether E has ever reached 1/delta, delta in (0, 1). It stays on: an alarm is answered, not waited out.
func (e EProcess) Alarm(delta float64) bool {
	check(0, 0, delta)
	return e.LogMost >= -math.Log(delta)
}

// A Watch is an EProcess that is ready for a change at any time. It spreads its evidence over processes which start with each
// batch j, of weight 1/(j (j+1)); the weights add up to 1, so that E is an e-process with the promise of EProcess. A change
// after a hundred calm months costs it a factor of 10,000, or nine frauds at a bet of 2; a process from the first month on would
// first have to win back a hundred months. It is a plain value to be stored between runs.
type Watch struct {
	Target float64 `json:"target"`
	Bet    float64 `json:"bet"`
	// Batches is how many were added, Records and Frauds what they held.
	Batches int64 `json:"batches"`
	Records int64 `json:"records"`
	Frauds  int64 `json:"frauds"`
	// LogStarted is the natural logarithm of the evidence of the processes that have started, weights included; it says nothing
	// while Batches is 0. LogMost is that of the greatest E at the end of a batch, 0 or more.
	LogStarted float64 `json:"log_started"`
	LogMost    float64 `json:"log_most"`
}

// NewWatch returns a watch that has seen nothing; target and bet are those of NewEProcess.
func NewWatch(target, bet float64) Watch {
	checkBet(target, bet)
	return Watch{Target: target, Bet: bet}
}

// Add returns the watch after a batch of records. A batch without records is no batch.
func (w Watch) Add(frauds, records int64) Watch {
	checkBet(w.Target, w.Bet)
	checkCount(w.Frauds, w.Records)
	checkCount(frauds, records)
	if w.Batches < 0 || w.Records > math.MaxInt64-records {
		panic(fmt.Sprintf("calibrate: %d records more after %d batches of %d", records, w.Batches, w.Records))
	}
	if records == 0 {
		return w
	}
	started := -math.Log(float64(w.Batches+1)) - math.Log(float64(w.Batches+2))
	if w.Batches > 0 {
		started = logSum(started, w.LogStarted)
	}
	w.LogStarted = started + logEvidence(w.Target, w.Bet, frauds, records)
	w.Batches++
	w.Records += records
	w.Frauds += frauds
	w.LogMost = math.Max(w.LogMost, w.LogE())
	return w
}

// LogE returns the natural logarithm of the evidence now. What is not started yet is 1 over one more than the batches.
func (w Watch) LogE() float64 {
	if w.Batches == 0 {
		return 0
	}
	return logSum(w.LogStarted, -math.Log(float64(w.Batches+1)))
}

// PValue returns the anytime-valid p-value of the hypothesis that the rate has been at most Target all along.
func (w Watch) PValue() float64 { return math.Exp(-w.LogMost) }

// Alarm reports whether E has ever reached 1/delta, delta in (0, 1).
func (w Watch) Alarm(delta float64) bool {
	check(0, 0, delta)
	return w.LogMost >= -math.Log(delta)
}

// logSum returns log(exp(a) + exp(b)).
func logSum(a, b float64) float64 {
	a, b = math.Max(a, b), math.Min(a, b)
	return a + math.Log1p(math.Exp(b-a))
}
