package dataset

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/schema"
)

// sense says how a column's physical values are meant.
type sense uint8

const (
	senseText sense = iota
	senseBool
	senseInt
	senseUint
	senseFloat
	senseDecimal
	senseTime // scaled to microseconds
	senseUUID
)

// A meaning reads single values of one column. The hot paths are elsewhere (parquet_sink.go); this is the one that is
// right for every type, and the one that dictionaries go through.
type meaning struct {
	sense sense
	// Times: value * unit / per is microseconds. Decimals: the value has scale digits behind the point.
	unit, per, scale int64
}

// meaningOf finds what a column's values mean, from its logical type or, in older files, its converted type, which arrow
// turns into a logical one.
func meaningOf(col *schema.Column) meaning {
	switch t := col.LogicalType().(type) {
	case *schema.TimestampLogicalType:
		return timestampMeaning(t)
	case schema.DateLogicalType:
		return meaning{sense: senseTime, unit: 86400e6, per: 1}
	case *schema.DecimalLogicalType:
		return meaning{sense: senseDecimal, scale: int64(t.Scale())}
	case schema.UUIDLogicalType:
		return meaning{sense: senseUUID}
	case *schema.IntLogicalType:
		if !t.IsSigned() {
			return meaning{sense: senseUint}
		}
	}
	switch col.PhysicalType() {
	case parquet.Types.Boolean:
		return meaning{sense: senseBool}
	case parquet.Types.Int32, parquet.Types.Int64:
		return meaning{sense: senseInt}
	case parquet.Types.Int96:
		return meaning{sense: senseTime, unit: 1, per: 1}
	case parquet.Types.Float, parquet.Types.Double:
		return meaning{sense: senseFloat}
	}
	return meaning{sense: senseText}
}

func timestampMeaning(t *schema.TimestampLogicalType) meaning {
	switch t.TimeUnit() {
	case schema.TimeUnitMillis:
		return meaning{sense: senseTime, unit: 1000, per: 1}
	case schema.TimeUnitNanos:
		return meaning{sense: senseTime, unit: 1, per: 1000}
	}
	return meaning{sense: senseTime, unit: 1, per: 1}
}

// int returns an integer value of any width.
func (m meaning) int(v *values, i int) int64 {
	switch {
	case v.typ == parquet.Types.Boolean:
		return int64(v.raw[i])
	case v.typ != parquet.Types.Int32:
		return int64(binary.LittleEndian.Uint64(v.raw[8*i:]))
	case m.sense == senseUint:
		return int64(binary.LittleEndian.Uint32(v.raw[4*i:]))
	}
	return int64(int32(binary.LittleEndian.Uint32(v.raw[4*i:])))
}

func (m meaning) float(v *values, i int) float64 {
	if v.typ == parquet.Types.Float {
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(v.raw[4*i:])))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(v.raw[8*i:]))
}

// micros returns a time in microseconds since 1970, or a value out of every bound.
func (m meaning) micros(v *values, i int) int64 {
	if v.typ == parquet.Types.Int96 { // nanoseconds of the day and a Julian day number
		raw := v.raw[12*i:]
		nanos, day := binary.LittleEndian.Uint64(raw), binary.LittleEndian.Uint32(raw[8:])
		if nanos > 86400e9 {
			return math.MaxInt64
		}
		return (int64(day)-2440588)*86400e6 + int64(nanos/1000)
	}
	x := m.int(v, i)
	if x > math.MaxInt64/m.unit || x < -math.MaxInt64/m.unit+m.per {
		return math.MaxInt64
	}
	x *= m.unit
	if x < 0 {
		x -= m.per - 1 // fractions are cut towards the past, as those of text
	}
	return x / m.per
}

// bytes returns a byte array of either type.
func (m meaning) bytes(v *values, i int) string {
	if v.strs != nil {
		return v.strs[i]
	}
	return string(v.raw[i*v.width : (i+1)*v.width])
}

// text renders a value as the text that a CSV file would hold.
func (m meaning) text(v *values, i int) string {
	switch m.sense {
	case senseBool:
		return strconv.FormatBool(v.raw[i] != 0)
	case senseInt:
		return strconv.FormatInt(m.int(v, i), 10)
	case senseUint:
		return strconv.FormatUint(uint64(m.int(v, i)), 10)
	case senseFloat:
		if v.typ == parquet.Types.Float {
			return strconv.FormatFloat(m.float(v, i), 'f', -1, 32)
		}
		return strconv.FormatFloat(m.float(v, i), 'f', -1, 64)
	case senseDecimal:
		return m.decimal(v, i)
	case senseTime:
		return time.UnixMicro(m.micros(v, i)).UTC().Format(time.RFC3339Nano)
	case senseUUID:
		return uuid(m.bytes(v, i))
	}
	return m.bytes(v, i)
}

func uuid(b string) string {
	if len(b) != 16 {
		return hex.EncodeToString([]byte(b))
	}
	h := hex.EncodeToString([]byte(b))
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// decimal renders a decimal digit by digit: a float would not hold all of them.
func (m meaning) decimal(v *values, i int) string {
	n := new(big.Int)
	if v.typ == parquet.Types.Int32 || v.typ == parquet.Types.Int64 {
		n.SetInt64(m.int(v, i))
	} else { // big-endian two's complement
		b := m.bytes(v, i)
		n.SetBytes([]byte(b))
		if len(b) > 0 && b[0]&0x80 != 0 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
	}
	sign, digits := "", n.String()
	if n.Sign() < 0 {
		sign, digits = "-", digits[1:]
	}
	scale := int(m.scale)
	if scale <= 0 {
		return sign + digits
	}
	for len(digits) <= scale {
		digits = "0" + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

// score, amount, number, time and parsed convert a value to its kind, by the parse functions that every format shares.

func (m meaning) score(v *values, i int) (State, IssueKind) {
	switch m.sense {
	case senseInt:
		return intScore(m.int(v, i))
	case senseFloat:
		return floatScore(m.float(v, i))
	case senseBool, senseTime, senseUUID:
		return Absent.state(), BadScore
	}
	return parseScore([]byte(m.text(v, i)))
}

func (m meaning) amount(v *values, i int) (int64, IssueKind) {
	switch m.sense {
	case senseInt:
		return intAmount(m.int(v, i))
	case senseFloat:
		if v.typ == parquet.Types.Float && m.float(v, i) >= 0 { // the decimal that was meant: 0.29 is 0.28999999 as float32
			return parseAmount([]byte(m.text(v, i)))
		}
		return floatAmount(m.float(v, i))
	case senseBool, senseTime, senseUUID:
		return NoAmount, BadAmount
	}
	return parseAmount([]byte(m.text(v, i)))
}

func (m meaning) number(v *values, i int) (float64, IssueKind) {
	switch m.sense {
	case senseInt:
		return float64(m.int(v, i)), ok
	case senseFloat:
		f := m.float(v, i)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return math.NaN(), BadNumber
		}
		if v.typ == parquet.Types.Float {
			return parseNumber([]byte(m.text(v, i)))
		}
		return f, ok
	case senseBool:
		return float64(v.raw[i]), ok
	}
	return parseNumber([]byte(m.text(v, i)))
}

func (m meaning) time(v *values, i int) (int64, IssueKind) {
	switch m.sense {
	case senseTime:
		return checkTime(m.micros(v, i))
	case senseFloat:
		f := m.float(v, i)
		if f != math.Trunc(f) || math.Abs(f) >= 1<<53 {
			return NoTime, BadTime
		}
		return parseTime(strconv.AppendInt(nil, int64(f), 10))
	}
	return parseTime([]byte(m.text(v, i)))
}

// parsed reads a value of the kinds that are words.
func parsed[T ~uint8](m meaning, parse func([]byte) (T, IssueKind)) func(v *values, i int) (uint8, IssueKind) {
	return func(v *values, i int) (uint8, IssueKind) {
		x, kind := parse([]byte(m.text(v, i)))
		return uint8(x), kind
	}
}
