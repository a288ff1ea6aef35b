package replay

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/trustreplay/trustreplay/dataset"
)

// The limits of an economics file. They are far beyond any price, and keep the sums over a history within an int64.
const (
	moneyDecimals = 4
	maxMoney      = 1_000_000_000 * MoneyPerMajor
	shareDecimals = 2      // of a percentage
	maxShare      = 100_00 // in basis points: all of the amount
)

var (
	economicsKeys = []string{"economics", "currency", "fraud_loss", "good_margin", "calls", "review_cost", "step_up_cost", "treatments", "latency"}
	priceKeys     = []string{"fixed", "share"}
)

const (
	wantMoney = "an amount from 0 to 1000000000 with at most 4 decimals, such as 2.50"
	wantShare = "a share of the amount from 0% to 100% with at most 2 decimals, such as 2.5%"
	wantPrice = "an amount such as 2.50, a share of the record's amount such as 100%, or both as {fixed: 15.00, share: 100%}"
)

// ParseEconomics reads an economics file, YAML or JSON:
//
//	economics: 1
//	currency: EUR                         # optional, for print
//	fraud_loss: {fixed: 15, share: 100%}  # of an approved fraud
//	good_margin: 2.00                     # lost when a legit record is blocked
//	calls: {session: 0.01, onboarding: 0.10}
//	review_cost: 3.00
//	step_up_cost: 0.05
//	latency: {session: [2, 8], onboarding: standard}  # optional: seconds, the fastest and the slowest answer
//	treatments: {...}                     # optional; see Treatments
//
// Amounts of money are in major units. All keys but currency, latency and treatments are required, so that what costs nothing is said and not
// forgotten. file names it in errors; the error is a FileErrors that lists every mistake with its line and column.
func ParseEconomics(file string, src []byte) (*Economics, error) {
	d, root := readDocument(file, "set of prices", src)
	if root == nil {
		return nil, d.err()
	}
	entries, ok := d.mapping(root, "the economics", economicsKeys)
	if !ok {
		return nil, d.err()
	}
	p := &economicsParser{document: d, top: map[string]entry{}, at: place(root)}
	for _, e := range entries {
		p.top[e.key] = e
	}
	e := &Economics{
		FraudLoss: p.price("fraud_loss"), GoodMargin: p.price("good_margin"), Calls: p.calls(),
		ReviewCost: p.cost("review_cost"), StepUpCost: p.cost("step_up_cost"),
	}
	p.version()
	e.Currency, e.Latency = p.currency(), p.latency()
	e.Treatments = p.treatments()
	if err := d.err(); err != nil {
		return nil, err
	}
	return e, nil
}

// An economicsParser turns the entries of a document into economics.
type economicsParser struct {
	*document
	top map[string]entry
	at  pos // of the document
}

// required returns an entry, or reports that it is missing.
func (p *economicsParser) required(key, want string) (entry, bool) {
	e, found := p.top[key]
	if !found {
		p.fail(p.at, "no %s: want %s: %s", key, key, want)
	}
	return e, found
}

func (p *economicsParser) version() {
	want := fmt.Sprintf("%d, the version of the format", EconomicsVersion)
	if e, found := p.required("economics", want); found {
		if v, ok := p.integer(e.value, "economics", want); ok && v != EconomicsVersion {
			p.fail(place(e.value), "economics is %d: want %s", v, want)
		}
	}
}

func (p *economicsParser) currency() string {
	e, found := p.top["currency"]
	if !found {
		return ""
	}
	const want = "three capital letters such as EUR"
	name, ok := p.text(e, want)
	if ok && (len(name) != 3 || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		p.fail(place(e.value), "currency is %s: want %s", quoted(name), want)
	}
	return name
}

func (p *economicsParser) cost(key string) Money {
	e, found := p.required(key, wantMoney)
	if !found {
		return 0
	}
	return p.money(e.value, key)
}

func (p *economicsParser) calls() map[string]Money {
	e, found := p.required("calls", "the price of asking each product, such as {session: 0.01, onboarding: 0.10}")
	if !found {
		return nil
	}
	entries, _ := p.mapping(e.value, "calls", dataset.Products)
	out := map[string]Money{}
	for _, e := range entries {
		out[e.key] = p.money(e.value, "calls of "+e.key)
	}
	return out
}

// price reads an amount, a share, or a mapping of both.
func (p *economicsParser) price(key string) (price Price) {
	e, found := p.required(key, wantPrice)
	if !found {
		return price
	}
	switch n := e.value.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		entries, _ := p.mapping(n, key, priceKeys)
		if len(entries) == 0 {
			p.fail(place(n), "%s is empty: want %s", key, wantPrice)
		}
		for _, e := range entries {
			if e.key == "fixed" {
				price.Fixed = p.money(e.value, key+" fixed")
			} else {
				price.Share = p.share(e.value, key+" share")
			}
		}
	case *ast.StringNode:
		price.Share = p.share(n, key)
	default:
		price.Fixed = p.money(n, key)
	}
	return price
}

// money reads an amount of major units.
func (p *economicsParser) money(n ast.Node, what string) Money {
	v, ok := int64(0), false
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		v, ok = fixedPoint(n.GetToken().Value, moneyDecimals)
	}
	v *= int64(MoneyPerMajor) / tenTo(moneyDecimals)
	if !ok || Money(v) > maxMoney {
		p.fail(place(n), "%s is %s: want %s", what, describe(n), wantMoney)
		return 0
	}
	return Money(v)
}

// share reads a percentage as basis points. Without its sign a number is refused: 1 might mean all or a hundredth.
func (p *economicsParser) share(n ast.Node, what string) int64 {
	v, ok := int64(0), false
	if text, isText := n.(*ast.StringNode); isText {
		if number, found := strings.CutSuffix(text.Value, "%"); found {
			v, ok = fixedPoint(strings.TrimSuffix(number, " "), shareDecimals)
		}
	}
	if !ok || v > maxShare {
		p.fail(place(n), "%s is %s: want %s", what, describe(n), wantShare)
		return 0
	}
	return v
}

// fixedPoint reads a plain decimal as an integer of units with so many decimals: with 2, "1.5" is 150. Signs, exponents,
// leading zeros, more decimals and more than ten digits before the point are refused, so that no digit is lost.
func fixedPoint(s string, decimals int) (v int64, ok bool) {
	whole, fraction, point := strings.Cut(s, ".")
	if whole == "" || len(whole) > 10 || whole[0] == '0' && len(whole) > 1 || len(fraction) > decimals || point && fraction == "" {
		return 0, false
	}
	for _, c := range []byte(whole + fraction) {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	return v * tenTo(decimals-len(fraction)), true
}

func tenTo(n int) int64 {
	v := int64(1)
	for range n {
		v *= 10
	}
	return v
}
