package calibrate

import (
	"errors"
	"fmt"
	"math"
)

// Bets hold losses in the order in which they are bet on, and the stakes. They test whether the mean of losses in [0, 1] is at
// most alpha: a gambler who believes that it is bets on each loss being below alpha with a part of the capital. If the mean is
// alpha or more, no betting makes money on average, and the capital ever reaches 1/p with a probability of at most p (Waudby-
// Smith and Ramdas, "Estimating means of bounded random variables by betting", 2024; Ville's inequality). It needs no
// normal approximation, which fails where few records hold most of the loss.
//
// Two things it takes: losses are independent with the same mean, and their order does not depend on them; by time is such an
// order, sorted by amount or by label is not. The stakes look at the losses before each one and never at the loss itself.
type Bets struct {
	delta float64
	// A loss of x where alpha x w would be fair: w is 1 for all records, or the share of the cap that its amount is.
	loss, weight, stake []float64
}

// BetOnMean returns bets on losses in [0, 1], for promises at delta in (0, 1); a loss outside panics. The stakes are made for
// this delta and for this number of losses, which must have been fixed before. losses is kept and must not change.
//
// For losses of 0 and 1 alone PValue and UpperBound, which count them, are exact and say more.
func BetOnMean(losses []float64, delta float64) *Bets {
	check(0, 0, delta)
	for _, x := range losses {
		checkShare(x)
	}
	return newBets(losses, nil, delta)
}

// A Payment is an approved record with an outcome: its amount in minor units, 0 or more, and whether it was fraud.
type Payment struct {
	Amount int64
	Fraud  bool
}

// ErrOverCap is the error of amounts above the declared cap.
var ErrOverCap = errors.New("above the declared cap")

// BetOnValue returns bets on the amount of fraud as a share of the amount, for promises at delta in (0, 1): a fraud of amount a
// loses a/limit, where alpha a/limit would be fair. payments are in an order that does not depend on their outcome. limit, in minor
// units and above 0, is the largest amount that a record of this population can have, declared before the data were seen: the
// promise is made for it, and the larger it is, the less is shown. Amounts above it break the declaration; the error counts them
// and wraps ErrOverCap. Amounts of 0 are left out. A negative amount or a cap of 0 panics.
func BetOnValue(payments []Payment, limit int64, delta float64) (*Bets, error) {
	check(0, 0, delta)
	if limit <= 0 {
		panic(fmt.Sprintf("calibrate: cap of %d", limit))
	}
	var loss, weight []float64
	var over, most int64
	for _, p := range payments {
		switch {
		case p.Amount < 0:
			panic(fmt.Sprintf("calibrate: amount of %d", p.Amount))
		case p.Amount == 0:
			continue
		case p.Amount > limit:
			over, most = over+1, max(most, p.Amount)
		}
		w, x := float64(p.Amount)/float64(limit), 0.0
		if p.Fraud {
			x = w
		}
		loss, weight = append(loss, x), append(weight, w)
	}
	if over > 0 {
		return nil, fmt.Errorf("%d of %d amounts, the largest %d minor units, are %w of %d minor units: declare a cap that every amount keeps",
			over, len(payments), most, ErrOverCap, limit)
	}
	return newBets(loss, weight, delta), nil
}

// newBets stakes sqrt(2 log(1/delta) / (n variance)) on each loss, at most 1, with the mean and the variance of the losses before
// it, which begin at 1/2 and 1/4 as if one loss had been seen (so Bates et al., "Distribution-free, risk-controlling prediction
// sets", 2021, on the Waudby-Smith-Ramdas bound).
//
// Note: the paper bets on x - alpha w with the variance of just that. Stakes that do not depend on alpha make the capital
// rise with alpha, so that there is one upper bound and halving finds it; x has nearly all of that variance where frauds are few.
func newBets(loss, weight []float64, delta float64) *Bets {
	b := &Bets{delta: delta, loss: loss, weight: weight, stake: make([]float64, len(loss))}
	even := 2 * math.Log(1/delta) / float64(len(loss))
	sum, squares, variance := 0.5, 0.25, 0.25
	for i, x := range loss {
		b.stake[i] = math.Min(math.Sqrt(even/variance), 1)
		seen := float64(i + 2)
		sum += x
		squares += (x - sum/seen) * (x - sum/seen)
		variance = squares / seen
	}
	return b
}

// N returns the number of losses that are bet on.
func (b *Bets) N() int { return len(b.loss) }

// PValue returns the p-value of the hypothesis that the mean, or the share of the amount, is above alpha: 1 over the greatest
// capital that the bets ever had, 1 for no loss at all. The stakes are best around delta; it is valid whatever it comes to. alpha is in
// [0, 1].
func (b *Bets) PValue(alpha float64) float64 {
	checkShare(alpha)
	return math.Exp(-b.capital(alpha))
}

// UpperBound returns the least rate that PValue shows at delta: whatever the true rate, the bound is below it with a probability
// of at most delta. PValue(alpha) <= delta just where UpperBound <= alpha, up to rounding. It is 1 where too little was bet on
// to show any rate, and NaN for no loss at all.
func (b *Bets) UpperBound() float64 {
	if len(b.loss) == 0 {
		return math.NaN()
	}
	enough := math.Log(1 / b.delta)
	low, high := 0.0, 1.0
	if b.capital(high) < enough {
		return 1
	}
	// Seventy halvings leave nothing of a float64 for any rate that a report prints.
	for range 70 {
		if mid := (low + high) / 2; b.capital(mid) < enough {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// capital returns the logarithm of the greatest capital that the bets reach against alpha, starting from 1.
func (b *Bets) capital(alpha float64) float64 {
	// A logarithm for each loss would take ten times as long; it is taken where the product leaves this range.
	const small, large = 1e-200, 1e200
	before, capital, most, best := 0.0, 1.0, 1.0, 0.0
	fair := alpha
	for i, x := range b.loss {
		if b.weight != nil {
			fair = alpha * b.weight[i]
		}
		capital *= 1 - b.stake[i]*(x-fair)
		if capital > most {
			most = capital
		}
		if capital < small || capital > large {
			best = math.Max(best, before+math.Log(most))
			before += math.Log(capital)
			capital, most = 1, 1
		}
	}
	return math.Max(best, before+math.Log(most))
}
