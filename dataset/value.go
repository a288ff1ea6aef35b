package dataset

import (
	"bytes"
	"math"
	"strconv"
	"time"
)

// The parse functions turn the text of one value, a JSON number or the content of a string, into its typed form. They are
// the only place that knows what spellings are accepted, so every format reads a value the same way. The text is
// unescaped; spaces around it do not count. A nil error kind (ok) or the issue that the value is.

// ok is the outcome of a parse that found no issue.
const ok = IssueKind(255)

// parseScore returns the state of a scored response, or Absent for an empty text. 649, "649" and 649.0 are the same score.
func parseScore(text []byte) (State, IssueKind) {
	text = bytes.TrimSpace(text)
	if n := len(text); n > 0 && n <= 4 { // the common case: a bare integer
		v := 0
		for _, c := range text {
			if c < '0' || c > '9' {
				return parseOddScore(text)
			}
			v = v*10 + int(c-'0')
		}
		if v > MaxScore {
			return Absent.state(), ScoreRange
		}
		return Scored(v), ok
	}
	return parseOddScore(text)
}

func (s Status) state() State { return State(s) }

func parseOddScore(text []byte) (State, IssueKind) {
	if len(text) == 0 || string(text) == "null" {
		return Absent.state(), ok
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil && !math.IsInf(f, 0) || math.IsNaN(f) || !decimal(text) {
		return Absent.state(), BadScore
	}
	return floatScore(f)
}

// floatScore returns the state of a score held as a float; a fraction is an issue, never rounded.
func floatScore(f float64) (State, IssueKind) {
	switch {
	case math.IsNaN(f):
		return Absent.state(), BadScore
	case f < 0 || f > MaxScore:
		return Absent.state(), ScoreRange
	case f != math.Trunc(f):
		return Absent.state(), BadScore
	}
	return Scored(int(f)), ok
}

// intScore returns the state of a score held as an integer.
func intScore(v int64) (State, IssueKind) {
	if v < 0 || v > MaxScore {
		return Absent.state(), ScoreRange
	}
	return Scored(int(v)), ok
}

// decimal reports whether text is a plain decimal number: no hexadecimal, no underscore, no "Inf" or "NaN", which Go's
// ParseFloat accepts and JSON does not.
func decimal(text []byte) bool {
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9', c == '+', c == '-', c == '.', c == 'e', c == 'E':
		default:
			return false
		}
	}
	return true
}

// lookup finds text in an alias table, ignoring case and surrounding space.
func lookup[T any](table map[string]T, text []byte) (T, bool) {
	text = bytes.TrimSpace(text)
	if v, found := table[string(text)]; found {
		return v, true
	}
	if len(text) > 32 {
		var none T
		return none, false
	}
	v, found := table[string(bytes.ToLower(text))]
	return v, found
}

// parseAlias returns the value that text is an alias of, or the zero value and the issue that any other text is.
func parseAlias[T any](table map[string]T, text []byte, otherwise IssueKind) (T, IssueKind) {
	v, found := lookup(table, text)
	if !found {
		return v, otherwise
	}
	return v, ok
}

var clusterAliases = map[string]Cluster{
	"": NoCluster, "null": NoCluster,
	"very_low": VeryLow, "low": Low, "review": ReviewCluster, "high": High, "very_high": VeryHigh,
}

func parseCluster(text []byte) (Cluster, IssueKind) {
	return parseAlias(clusterAliases, text, BadCluster)
}

func parseLabel(text []byte) (Label, IssueKind) {
	switch string(text) { // as in parseBool
	case "0":
		return Legit, ok
	case "1":
		return Fraud, ok
	}
	l, found := lookup(labelAliases, text)
	if found {
		return l, ok
	}
	// Labels that passed through a data frame come back as 0.0 and 1.0.
	if f, kind := parseNumber(text); kind == ok && (f == 0 || f == 1) {
		return Legit + Label(f), ok
	}
	return Unlabeled, BadLabel
}

func parseAction(text []byte) (Action, IssueKind) { return parseAlias(actionAliases, text, BadAction) }

func parseStatus(text []byte) (Status, IssueKind) {
	s, found := lookup(statusAliases, text)
	if found {
		return s, ok
	}
	// HTTP statuses: 2xx is an answer, 404 a product without a result, everything else an error.
	if code, err := strconv.Atoi(string(bytes.TrimSpace(text))); err == nil && code >= 200 && code <= 599 {
		if code < 300 {
			return OK, ok
		}
		return Failed, ok
	}
	return Absent, BadStatus
}

var boolAliases = map[string]uint8{
	"": BoolAbsent, "null": BoolAbsent,
	"true": BoolTrue, "false": BoolFalse, "1": BoolTrue, "0": BoolFalse, "yes": BoolTrue, "no": BoolFalse,
}

func parseBool(text []byte) (uint8, IssueKind) {
	switch string(text) { // nearly all are written so, and to look into the table takes longer
	case "false":
		return BoolFalse, ok
	case "true":
		return BoolTrue, ok
	}
	v, kind := parseAlias(boolAliases, text, BadBool)
	if kind == ok {
		return v, ok
	}
	// Booleans that passed through a data frame with gaps come back as 0.0 and 1.0.
	if f, kind := parseNumber(text); kind == ok && (f == 0 || f == 1) {
		return BoolFalse + uint8(f), ok
	}
	return BoolAbsent, BadBool
}

// parseNumber returns NaN for an empty text; a text that says NaN is an issue, not an absence.
func parseNumber(text []byte) (float64, IssueKind) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || string(text) == "null" {
		return math.NaN(), ok
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !decimal(text) {
		return math.NaN(), BadNumber
	}
	return f, ok
}

// maxAmount bounds one amount, in minor units, so that a batch of them cannot overflow an int64.
const maxAmount = 100 * 1_000_000_000_000

// parseAmount returns minor units (hundredths), or NoAmount for an empty text. Digits beyond the second decimal are rounded
// half away from zero. The decimal text is read digit by digit: 0.29 is 29, which no float product promises.
func parseAmount(text []byte) (int64, IssueKind) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || string(text) == "null" {
		return NoAmount, ok
	}
	v, digits, point := int64(0), 0, -1
	for i, c := range text {
		switch {
		case c >= '0' && c <= '9' && digits < 15:
			if point < 0 || i-point <= 2 {
				v = v*10 + int64(c-'0')
			} else if i-point == 3 && c >= '5' {
				v++
			}
			digits++
		case c == '.' && point < 0 && digits > 0:
			point = i
		default:
			return parseOddAmount(text)
		}
	}
	decimals := 0
	if point >= 0 {
		decimals = min(2, len(text)-1-point)
	}
	for ; decimals < 2; decimals++ {
		v *= 10
	}
	if v >= maxAmount {
		return NoAmount, BadAmount
	}
	return v, ok
}

func parseOddAmount(text []byte) (int64, IssueKind) {
	f, err := strconv.ParseFloat(string(text), 64)
	switch {
	case math.IsNaN(f):
		return NoAmount, NaNAmount
	case math.IsInf(f, 0):
		return NoAmount, BadAmount
	case err != nil || !decimal(text):
		return NoAmount, BadAmount
	}
	return floatAmount(f)
}

// floatAmount returns the minor units of an amount held as a float, rounded half away from zero.
func floatAmount(f float64) (int64, IssueKind) {
	switch {
	case math.IsNaN(f):
		return NoAmount, NaNAmount
	case f < 0:
		return NoAmount, NegativeAmount
	case f*100 >= maxAmount:
		return NoAmount, BadAmount
	}
	return int64(math.Round(f * 100)), ok
}

// intAmount returns the minor units of an amount held as whole major units.
func intAmount(v int64) (int64, IssueKind) {
	switch {
	case v < 0:
		return NoAmount, NegativeAmount
	case v >= maxAmount/100:
		return NoAmount, BadAmount
	}
	return v * 100, ok
}

// Times outside these bounds (inclusive, exclusive) are typing errors or the zero of some other system.
var (
	minTime = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	maxTime = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
)

func checkTime(us int64) (int64, IssueKind) {
	if us < minTime || us >= maxTime {
		return NoTime, BadTime
	}
	return us, ok
}

// timeLayouts are tried in order after the fast form. A time without a zone is UTC.
var timeLayouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999 Z07:00",
	"2006-01-02 15:04:05.999999999 MST"}

// parseTime returns microseconds since 1970 UTC, or NoTime for an empty text. Fractions beyond microseconds are cut.
func parseTime(text []byte) (int64, IssueKind) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || string(text) == "null" {
		return NoTime, ok
	}
	if us, found := parseUTC(text); found {
		return checkTime(us)
	}
	if us, kind, found := parseEpoch(text); found {
		return us, kind
	}
	s := string(text)
	for _, layout := range timeLayouts {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if name, _ := t.Zone(); layout == timeLayouts[len(timeLayouts)-1] && name != "UTC" && name != "GMT" {
			break // Go reads unknown zone abbreviations as offset zero, which would move records silently
		}
		return checkTime(t.UnixMicro())
	}
	return NoTime, BadTime
}

// parseUTC reads the two common forms, 2006-01-02 and 2006-01-02T15:04:05[.999999]Z, without allocating.
func parseUTC(t []byte) (int64, bool) {
	n := len(t)
	if n != 10 && (n < 20 || n > 27 || t[n-1] != 'Z' || (t[10] != 'T' && t[10] != ' ') || t[13] != ':' || t[16] != ':') {
		return 0, false
	}
	if t[4] != '-' || t[7] != '-' {
		return 0, false
	}
	var bad bool
	num := func(from, to int) int {
		v := 0
		for _, c := range t[from:to] {
			bad = bad || c < '0' || c > '9'
			v = v*10 + int(c-'0')
		}
		return v
	}
	year, month, day := num(0, 4), num(5, 7), num(8, 10)
	var hour, minute, second, micro int
	if n > 10 {
		hour, minute, second = num(11, 13), num(14, 16), num(17, 19)
		if n > 20 {
			if t[19] != '.' || n == 21 {
				return 0, false
			}
			micro = num(20, n-1)
			for i := n - 21; i < 6; i++ {
				micro *= 10
			}
		}
	}
	if bad || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	days := daysSinceEpoch(year, month, day)
	return ((int64(days)*24+int64(hour))*60+int64(minute))*60e6 + int64(second)*1e6 + int64(micro), true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysSinceEpoch counts the days from 1970-01-01 in the proleptic Gregorian calendar (Hinnant, "days_from_civil").
func daysSinceEpoch(y, m, d int) int {
	if m <= 2 {
		y--
		m += 12
	}
	era := y / 400
	yoe := y - era*400
	doy := (153*(m-3)+2)/5 + d - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

// parseEpoch reads whole seconds (9 or 10 digits), milliseconds (12 or 13) or microseconds (15 or 16) since 1970; found is
// false where text is no such integer. Other lengths would be a guess.
func parseEpoch(text []byte) (us int64, kind IssueKind, found bool) {
	v, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || v < 0 {
		return 0, ok, false
	}
	switch len(text) {
	case 9, 10:
		v *= 1e6
	case 12, 13:
		v *= 1e3
	case 15, 16:
	default:
		return NoTime, BadTime, true
	}
	us, kind = checkTime(v)
	return us, kind, true
}

// MonthOf returns the UTC month of a time in microseconds as year*12+month-1.
func MonthOf(us int64) int {
	y, m, _ := time.UnixMicro(us).UTC().Date()
	return y*12 + int(m) - 1
}

// MonthStart returns the first microsecond of a month in MonthOf's numbering.
func MonthStart(month int) int64 {
	return time.Date(month/12, time.Month(month%12+1), 1, 0, 0, 0, 0, time.UTC).UnixMicro()
}
