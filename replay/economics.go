package replay

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
)

// EconomicsVersion is the version of the format of an economics file.
const EconomicsVersion = 1

// Money is an amount in millionths of a major unit, ten thousandths of a minor one: fine enough that every price of an
// Economics times every count is exact. It may be negative.
type Money int64

// The scale of Money: how much of it a major unit is, and a minor one, in which the amounts of a history are counted.
const (
	MoneyPerMajor Money = 1_000_000
	MoneyPerMinor Money = MoneyPerMajor / 100
)

// Decimal prints the exact amount in major units, with two to six decimals: 1234.50, -0.000025.
func (m Money) Decimal() string {
	sign, abs := "", uint64(m)
	if m < 0 {
		sign, abs = "-", -abs
	}
	unit := uint64(MoneyPerMajor)
	fraction := strings.TrimRight(fmt.Sprintf("%06d", abs%unit), "0")
	for len(fraction) < 2 {
		fraction += "0"
	}
	return sign + strconv.FormatUint(abs/unit, 10) + "." + fraction
}

// MarshalJSON writes the exact decimal number of major units.
func (m Money) MarshalJSON() ([]byte, error) { return []byte(m.Decimal()), nil }

// A Price is what one record costs: a fixed part, and a share of the record's amount in basis points. 10,000 of these are all
// of the amount; a share times minor units is Money. A record without an amount costs the fixed part alone.
type Price struct {
	Fixed Money
	Share int64
}

// Economics say what decisions cost. Every figure is 0 or more and exact.
type Economics struct {
	// Currency names the money in print, "" where it has no name.
	Currency string
	// FraudLoss is lost on a fraud that is approved or monitored, GoodMargin on a legit record that is blocked.
	FraudLoss, GoodMargin Price
	// Calls holds the price of asking a product; one that it lacks has no price, which is not the same as 0.
	Calls map[string]Money
	// ReviewCost and StepUpCost are paid for each record reviewed, or stepped up, whatever comes of it.
	ReviewCost, StepUpCost Money
	// Latency says how long a product takes to answer, nil where nothing is said of time. It changes no cost.
	Latency map[string]Latency
	// Treatments say what reviews and step-ups come to, nil where that is not guessed.
	Treatments *Treatments
}

// Covers returns an error that names the products which a policy asks and for which the economics have no price: counting
// these as free would make the policy that asks the most look cheap. Where they have latencies, the same holds of these.
func (e *Economics) Covers(p *Policy) error {
	var lacks []string
	for _, product := range []string{p.First, p.Second} {
		if _, found := e.Calls[product]; !found && product != "" {
			lacks = append(lacks, product)
		}
	}
	if lacks == nil {
		return e.timed(p)
	}
	return fmt.Errorf("no price of asking %s, which policy %s does: want calls: {%s: 0.10}, or 0 where it is free", strings.Join(lacks, " and "), p.Name, lacks[0])
}

// timed returns an error where the economics have latencies, but not of every product that a policy asks.
func (e *Economics) timed(p *Policy) error {
	for _, product := range []string{p.First, p.Second} {
		if _, found := e.Latency[product]; !found && product != "" && e.Latency != nil {
			return fmt.Errorf("no latency of %s, which policy %s asks: want latency: {%s: [2, 8]}, or none of any product", product, p.Name, product)
		}
	}
	return nil
}

// YAML prints the economics in their canonical form: ParseEconomics reads it back as equal ones.
func (e *Economics) YAML() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "economics: %d\n", EconomicsVersion)
	if e.Currency != "" {
		fmt.Fprintf(&b, "currency: %s\n", e.Currency)
	}
	fmt.Fprintf(&b, "fraud_loss: %s\n", e.FraudLoss)
	fmt.Fprintf(&b, "good_margin: %s\n", e.GoodMargin)
	var calls []string
	for _, product := range dataset.Products {
		if price, found := e.Calls[product]; found {
			calls = append(calls, product+": "+price.Decimal())
		}
	}
	fmt.Fprintf(&b, "calls: {%s}\n", strings.Join(calls, ", "))
	fmt.Fprintf(&b, "review_cost: %s\nstep_up_cost: %s\n%s", e.ReviewCost.Decimal(), e.StepUpCost.Decimal(), e.latencyYAML())
	if e.Treatments != nil {
		b.WriteString(e.Treatments.yaml())
	}
	return []byte(b.String())
}

// String prints a price as an economics file does: {fixed: 15.00, share: 2.50%}.
func (p Price) String() string {
	return fmt.Sprintf("{fixed: %s, share: %d.%02d%%}", p.Fixed.Decimal(), p.Share/100, p.Share%100)
}
