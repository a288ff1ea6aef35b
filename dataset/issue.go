package dataset

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// An IssueKind names what is wrong with a record. Its string is part of the JSON output.
type IssueKind uint8

const (
	BadJSON IssueKind = iota
	BadRow
	LineTooLong
	DuplicateKey
	WrongCaseKey
	BadUTF8
	BadResponse
	BadStatus
	BadScore
	ScoreRange
	BadCluster
	BadLabel
	ConflictingLabel
	BadAction
	BadTime
	NaNAmount
	NegativeAmount
	BadAmount
	BadBool
	BadNumber
	BadType
	DuplicateID
	BadRecords
	numIssues = iota
)

// issueKinds tells each kind's name and what would have been allowed. A noted kind does not reject its record.
var issueKinds = [numIssues]struct {
	name, allowed string
	noted         bool
}{
	BadJSON:          {name: "bad_json", allowed: "one JSON object on each line"},
	BadRow:           {name: "bad_row", allowed: "as many cells as the header has"},
	LineTooLong:      {name: "line_too_long", allowed: "lines of at most 16 MiB"},
	DuplicateKey:     {name: "duplicate_key", allowed: "each key once"},
	WrongCaseKey:     {name: "wrong_case_key", allowed: "keys in lower case"},
	BadUTF8:          {name: "bad_utf8", allowed: "UTF-8"},
	BadResponse:      {name: "bad_response", allowed: "a JSON object, null, or a string that holds one"},
	BadStatus:        {name: "unknown_status", allowed: "ok, not_called, missing, processing, error or an HTTP status"},
	BadScore:         {name: "bad_score", allowed: "an integer 0..1000"},
	ScoreRange:       {name: "score_out_of_range", allowed: "0..1000"},
	BadCluster:       {name: "unknown_cluster", allowed: "very_low, low, review, high or very_high"},
	BadLabel:         {name: "unknown_label", allowed: "fraud, legit, or one of their aliases such as ko, ok, 1, 0, or empty"},
	ConflictingLabel: {name: "conflicting_label", allowed: "one label for one id"},
	// An action that nobody knows is none. Every replay looks for one, and a column of that name may be about something else:
	// its records are no worse for it.
	BadAction:      {name: "unknown_action", allowed: "approve, monitor, step_up, review, block, or an alias such as accept, challenge, reject", noted: true},
	BadTime:        {name: "unreadable_time", allowed: "RFC 3339 such as 2026-03-04T05:06:07Z, a date, or epoch seconds, 1970..2199"},
	NaNAmount:      {name: "nan_amount", allowed: "a finite number"},
	NegativeAmount: {name: "negative_amount", allowed: "0 or more"},
	BadAmount:      {name: "bad_amount", allowed: "a number below 1e12"},
	BadBool:        {name: "bad_boolean", allowed: "true or false"},
	BadNumber:      {name: "bad_number", allowed: "a finite number"},
	BadType:        {name: "bad_type", allowed: "a plain value, not an object or a list"},
	DuplicateID:    {name: "duplicate_id", allowed: "one record for one id and time", noted: true},
	BadRecords:     {name: "bad_records", allowed: "an integer of 1 or more and below 2^53, the records that a row of a saved cube stands for"},
}

func (k IssueKind) String() string { return issueKinds[k].name }

// Allowed says in words what would have been accepted.
func (k IssueKind) Allowed() string { return issueKinds[k].allowed }

// Rejects reports whether a record with this issue is left out of the replay; otherwise the issue is only noted.
func (k IssueKind) Rejects() bool { return !issueKinds[k].noted }

// An Issue is one bad record, and where it is.
type Issue struct {
	Kind  IssueKind
	File  string
	Line  int64 // the line in a text file, 1 for the first; the row in a Parquet file, 1 for the first
	Group int   // the row group of a Parquet file, 0 for the first; -1 elsewhere
	Field string
	Value string // fit to print: see safeValue
}

func (i Issue) Error() string {
	where := fmt.Sprintf("%s:%d", oneLine(i.File), i.Line)
	if i.Group >= 0 {
		where = fmt.Sprintf("%s: row group %d, row %d", oneLine(i.File), i.Group, i.Line)
	}
	what := i.Kind.String()
	if i.Field != "" {
		what += " in " + i.Field
	}
	if i.Value != "" {
		what += " " + i.Value
	}
	return fmt.Sprintf("%s: %s: want %s", where, what, i.Kind.Allowed())
}

// keepPlaces is how many places are kept for each kind of issue.
const keepPlaces = 5

// An issueLog gathers the issues of one worker. Only the first places of each kind survive; counts are complete.
type issueLog struct {
	read, rejected int64
	period         *Period // of the records' times, nil before the first
	kinds          [numIssues]issueTally
}

type issueTally struct {
	count int64
	first []place // ordered, at most keepPlaces
}

// A place is where an issue was met, before units are resolved to files and lines.
type place struct {
	unit         int
	row          int64
	field, value string
}

func (p place) compare(q place) int {
	if p.unit != q.unit {
		return p.unit - q.unit
	}
	switch {
	case p.row < q.row:
		return -1
	case p.row > q.row:
		return 1
	}
	return strings.Compare(p.field, q.field)
}

// A Period is a span of time, in microseconds since 1970 UTC, both ends included.
type Period struct{ First, Last int64 }

// noPeriod is the Period of no time at all.
var noPeriod = Period{math.MaxInt64, math.MinInt64}

// count widens p to a time, unless that is NoTime.
func (p *Period) count(us int64) {
	if us != NoTime {
		p.First, p.Last = min(p.First, us), max(p.Last, us)
	}
}

// Days returns the UTC days of both ends, as 2006-01-02.
func (p Period) Days() (first, last string) {
	day := func(us int64) string { return time.UnixMicro(us).UTC().Format(time.DateOnly) }
	return day(p.First), day(p.Last)
}

// addPeriod widens the period to the times of a batch.
func (l *issueLog) addPeriod(b *Batch, column int) {
	p := noPeriod
	for r, us := range b.Cols[column].I64[:b.N] {
		if !b.Rejected(r) {
			p.count(us)
		}
	}
	if p != noPeriod {
		l.widen(&p)
	}
}

func (l *issueLog) widen(p *Period) {
	switch {
	case p == nil:
	case l.period == nil:
		l.period = &Period{p.First, p.Last}
	default:
		l.period.First, l.period.Last = min(l.period.First, p.First), max(l.period.Last, p.Last)
	}
}

// add logs an issue. first tells that the record had none before, so that a record is rejected once however bad it is.
func (l *issueLog) add(kind IssueKind, unit int, row int64, field, value string, first bool) {
	if first && kind.Rejects() {
		l.rejected++
	}
	l.kinds[kind].add(place{unit, row, field, value})
}

func (t *issueTally) add(p place) {
	t.count++
	t.keep(p)
}

func (t *issueTally) keep(p place) {
	i, _ := slices.BinarySearchFunc(t.first, p, place.compare)
	if i == keepPlaces {
		return
	}
	t.first = slices.Insert(t.first, i, p)
	if len(t.first) > keepPlaces {
		t.first = t.first[:keepPlaces]
	}
}

// merge adds m to l.
func (l *issueLog) merge(m *issueLog) {
	l.read += m.read
	l.rejected += m.rejected
	l.widen(m.period)
	for k := range m.kinds {
		l.kinds[k].count += m.kinds[k].count
		for _, p := range m.kinds[k].first {
			l.kinds[k].keep(p)
		}
	}
}

// safeValue renders a value from the data for an error message. Personal data must not reach one, whatever column a
// mapping points at: only short words and short numbers are shown, the rest is described by its size.
func safeValue(v string) string {
	if v == "" {
		return `""`
	}
	digits, letters, dots := 0, 0, 0
	for _, r := range v {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '.' || r == ':':
			dots++
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_':
			letters++
		case r == '-' || r == '+':
		default:
			if !unicode.IsPrint(r) || !utf8.ValidString(v) {
				return fmt.Sprintf("(%d bytes, not text)", len(v))
			}
			return fmt.Sprintf("(%d characters)", utf8.RuneCountInString(v))
		}
	}
	switch {
	case digits > 6:
		return fmt.Sprintf("(a number of %d digits)", digits)
	case len(v) > 24 || dots > 1:
		return fmt.Sprintf("(%d characters)", len(v))
	}
	return fmt.Sprintf("%q", v)
}

// IsCode reports whether a value looks like a reason code and not like personal data: a short word or number.
func IsCode(v string) bool { return v != "" && strings.HasPrefix(safeValue(v), `"`) }
