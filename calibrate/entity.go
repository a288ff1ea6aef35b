package calibrate

import (
	"fmt"
	"math"
	"math/big"

	"gonum.org/v1/gonum/mathext"
)

// MethodKornGraubard is Clopper-Pearson on the effective number of records, of which entities have several.
const MethodKornGraubard = "korn_graubard"

// Entities count frauds among the labeled records of entities, such as devices, customers or fraud rings, whose records depend on
// each other. A ring of five that defrauds together is one event and not five: taken as five, a test that should be wrong in
// 10 % is wrong in 30 % (STATISTICS.md, section 4).
//
// Sums over entities are all that the interval needs, so that the counts of months or files add up, in any order, as long as
// no entity is in two of them: one that was split counts as two that do not depend on each other.
type Entities struct {
	Entities int64 `json:"entities"` // those with a labeled record
	Records  int64 `json:"records"`
	Frauds   int64 `json:"frauds"`
	// SquaredRecords, SquaredFrauds and Products are the sums over entities of the square of each, and of one times the other.
	SquaredRecords int64 `json:"squared_records"`
	SquaredFrauds  int64 `json:"squared_frauds"`
	Products       int64 `json:"products"`
}

// MaxEntityRecords is the largest number of records that Entities hold, so that no square overflows.
const MaxEntityRecords = 3_000_000_000

// Add counts one entity with all its labeled records; one without any is not counted.
func (e *Entities) Add(frauds, records int64) {
	checkCount(frauds, records)
	if records == 0 {
		return
	}
	if records > MaxEntityRecords {
		panic(fmt.Sprintf("calibrate: entity of %d records", records))
	}
	*e = e.Merge(Entities{1, records, frauds, records * records, frauds * frauds, frauds * records})
}

// Merge returns the counts of two sets of entities that share none.
func (e Entities) Merge(f Entities) Entities {
	if e.Records+f.Records > MaxEntityRecords {
		panic(fmt.Sprintf("calibrate: more than %d records of entities", MaxEntityRecords))
	}
	return Entities{
		Entities: e.Entities + f.Entities, Records: e.Records + f.Records, Frauds: e.Frauds + f.Frauds,
		SquaredRecords: e.SquaredRecords + f.SquaredRecords, SquaredFrauds: e.SquaredFrauds + f.SquaredFrauds,
		Products: e.Products + f.Products,
	}
}

// Rate returns the frauds over the records.
func (e Entities) Rate() Number { return divide(e.Frauds, e.Records) }

// SE returns the standard error of Rate, of the influence of each entity: c/(c-1) sum (k - rate m)^2 / n^2 over c entities of
// k frauds and m records, n records in all. It is undefined for fewer than two entities, and 0 where all entities have one rate.
func (e Entities) SE() Number {
	if e.Entities < 2 {
		return Undefined()
	}
	// The sum cancels where the entities are nearly alike, so it is taken in integers: n^2 times as large.
	term := func(factors ...int64) *big.Int {
		v := big.NewInt(1)
		for _, f := range factors {
			v.Mul(v, big.NewInt(f))
		}
		return v
	}
	n, k := e.Records, e.Frauds
	sum := term(n, n, e.SquaredFrauds)
	sum.Sub(sum, term(2, n, k, e.Products))
	sum.Add(sum, term(k, k, e.SquaredRecords))
	squares, _ := new(big.Float).SetInt(sum).Float64()
	c, size := float64(e.Entities), float64(n)
	return Number(math.Sqrt(c/(c-1)*squares) / size / size)
}

// Effective returns the number of independent records that would make Rate as sure as it is, rate (1-rate) / SE^2 (Korn and
// Graubard, "Confidence intervals for proportions with small expected number of positive counts estimated from survey data",
// 1998). Where SE shows nothing, because no record or every record was fraud or all entities have one rate, it is the least that there
// can be, n^2 / sum m^2: that of entities whose records are all alike. It is undefined for fewer than two entities. It may
// exceed the records, where entities are more alike than chance.
//
// Note: the usual convention for no fraud is the number of records, as if entities did not matter. It certifies rings too
// early: where they are of five and none was seen, five times as many records seem clean as were drawn.
func (e Entities) Effective() Number {
	se := e.SE()
	switch {
	case !se.Defined():
		return Undefined()
	case se == 0 || e.Frauds == 0 || e.Frauds == e.Records:
		return Number(float64(e.Records) * (float64(e.Records) / float64(e.SquaredRecords)))
	}
	rate := float64(e.Rate())
	return Number(rate * (1 - rate) / float64(se*se))
}

// DesignEffect returns how many times as large as that of independent records the variance of Rate is: records over Effective.
func (e Entities) DesignEffect() Number { return Number(e.Records) / e.Effective() }

// UpperBound returns the bound for "at most" at delta, in (0, 1/2): Clopper-Pearson on the effective records, fewer for the few
// entities that SE was estimated from, and never more than the records. It is approximate: with few
// fraudulent entities SE says little. A test at 10 % was wrong in 4 to 7 % of simulated histories where all entities are rings of
// one size, and in 12 to 13 % where single records hide some two fraudulent rings of fifty or of five; records taken as independent, in
// 21 to 44 % (TestEntitiesOfRings). It is undefined for fewer than two entities.
func (e Entities) UpperBound(delta float64) Number {
	n := e.adjusted(delta)
	switch {
	case !n.Defined():
		return n
	case e.Frauds == e.Records:
		return 1
	}
	k := float64(e.Rate() * n)
	return Number(mathext.InvRegIncBeta(k+1, float64(n)-k, 1-delta))
}

// LowerBound returns the bound for "at least" at delta, in (0, 1/2).
func (e Entities) LowerBound(delta float64) Number {
	n := e.adjusted(delta)
	switch {
	case !n.Defined():
		return n
	case e.Frauds == 0:
		return 0
	}
	k := float64(e.Rate() * n)
	return Number(mathext.InvRegIncBeta(k, float64(n)-k+1, delta))
}

// Interval returns the two-sided interval of Rate: each side is a bound at half the error. It is svyciprop(method = "beta") of R's
// survey package, but for effective records above the records and for the case of no variance, where that one says nothing.
func (e Entities) Interval(confidence float64) (low, high Number) {
	check(0, 0, confidence)
	delta := (1 - confidence) / 2
	return e.LowerBound(delta), e.UpperBound(delta)
}

// adjusted returns the effective records, times the squared ratio of the quantiles of Student's t with one degree of freedom less
// than there are records and entities.
func (e Entities) adjusted(delta float64) Number {
	if !(delta > 0 && delta < 0.5) {
		panic(fmt.Sprintf("calibrate: delta %v outside (0, 0.5)", delta))
	}
	n := e.Effective()
	if !n.Defined() {
		return n
	}
	return min(n*Number(studentRatio(e.Records, e.Entities, delta)), Number(e.Records))
}

// studentRatio returns the squared ratio of two quantiles of Student's t, at most 1.
func studentRatio(records, entities int64, delta float64) float64 {
	if records == entities {
		return 1
	}
	of := func(n int64) float64 {
		return studentQuantile(float64(n-1), 1-delta)
	}
	r := of(records) / of(entities)
	return r * r
}
