package dataset

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// SavedKey is the key of a Parquet file's metadata that makes it a saved cube; its value is a Saved as JSON. The second
// spelling is for engines that do not take a dot in a key.
const (
	SavedKey      = "trustreplay.cube"
	savedKeyPlain = "trustreplay_cube"
)

// Names of the columns that only a saved cube has.
const (
	// RecordsField holds how many records a row stands for, an integer of 1 or more; its amount is the sum of theirs.
	RecordsField = "records"
	// ImmatureField is true where the records were too young for their label to count, which therefore is absent.
	ImmatureField = "immature"
)

// MaxRecords bounds how many records the rows of a saved cube stand for: what a float64 holds exactly, and no sum that rounds to it.
const MaxRecords = 1<<53 - 1

// savedVersion counts incompatible changes of Saved.
const savedVersion = 1

// A Saved tells what a saved cube is: a history whose rows stand for several records each. Such a file has the columns of
// any other flat history, only that it holds each combination of their values once, with the number of its records and the
// sum of their amounts. All but the schema version may be left out, which is what an engine's GROUP BY would do.
type Saved struct {
	SchemaVersion int `json:"schema_version"`
	// Weights names the column that holds the number of records; "" is RecordsField.
	Weights string `json:"weights,omitempty"`
	// Time is what is left of the time of a record: its UTC "month", which is also what "" says, its UTC "day", or "none".
	Time string `json:"time,omitempty"`
	// Fields names, as a Field does, all that the rows tell apart, also where no record has a value; nil where nobody said, so
	// that the columns have to tell.
	Fields []string `json:"fields,omitempty"`
	// Edges holds for each product of which not every score is kept apart the scores from which on it is: of the scores from one
	// of them, or 0, to below the next, the lowest stands for all.
	Edges map[string][]int `json:"edges,omitempty"`
	// Policies names the policies that the cube was built for.
	Policies []string     `json:"policies,omitempty"`
	Period   *SavedPeriod `json:"period,omitempty"`
	// Totals are checked against the rows, nil where there are none to check.
	Totals     *SavedTotals   `json:"totals,omitempty"`
	Maturity   *SavedMaturity `json:"maturity,omitempty"`    // nil where labels were taken as they were
	LabelTimes *LabelTimes    `json:"label_times,omitempty"` // as in an Account
	IDsChecked bool           `json:"ids_checked,omitempty"`
	Issues     []SavedIssue   `json:"issues,omitempty"`
	Inputs     []FileInfo     `json:"inputs,omitempty"` // the files that the records were read from
}

// A SavedPeriod holds the times of the first and the last record.
type SavedPeriod struct {
	First Instant `json:"first"`
	Last  Instant `json:"last"`
}

// SavedTotals are the sums over all rows, and what was read for them: Read = Records + Rejected.
type SavedTotals struct {
	Read      int64 `json:"read"`
	Rejected  int64 `json:"rejected"`
	Records   int64 `json:"records"`
	Fraud     int64 `json:"fraud"`
	Legit     int64 `json:"legit"`
	Unlabeled int64 `json:"unlabeled"`
	// NoAmount counts the records without an amount, AmountMinor adds up the amounts of the others in hundredths.
	NoAmount    int64 `json:"no_amount"`
	AmountMinor int64 `json:"amount_minor"`
}

// A SavedMaturity is the maturity by which labels were read, as in Mature.
type SavedMaturity struct {
	Days     int     `json:"days"`
	AsOf     Instant `json:"as_of"`
	Immature int64   `json:"immature"`
	Late     int64   `json:"late"`
	Known    int64   `json:"known"`
	Newest   Instant `json:"newest"`
}

// Mature returns it in the form of an account.
func (m *SavedMaturity) Mature(only bool) *Mature {
	return &Mature{Days: m.Days, AsOf: int64(m.AsOf), Only: only,
		MatureCount: MatureCount{Immature: m.Immature, Late: m.Late, Known: m.Known, Newest: int64(m.Newest)}}
}

// A SavedIssue is an IssueCount by the name of its kind.
type SavedIssue struct {
	Kind  string       `json:"kind"`
	Count int64        `json:"count"`
	First []SavedPlace `json:"first"`
}

// A SavedPlace is where an Issue was met.
type SavedPlace struct {
	File  string `json:"file"`
	Line  int64  `json:"line"`
	Group int    `json:"group"`
	Field string `json:"field,omitempty"`
	Value string `json:"value,omitempty"`
}

// An Instant is a time in microseconds since 1970 UTC, RFC 3339 in JSON.
type Instant int64

// MarshalJSON writes the time in UTC.
func (t Instant) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.UnixMicro(int64(t)).UTC().Format("2006-01-02T15:04:05.999999Z07:00"))
}

// UnmarshalJSON reads an RFC 3339 time or a day, which is its first microsecond.
func (t *Instant) UnmarshalJSON(src []byte) error {
	var s string
	if err := json.Unmarshal(src, &s); err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		at, err = time.Parse(time.DateOnly, s)
	}
	if err != nil {
		return fmt.Errorf("time %q: want one such as 2026-03-04T05:06:07Z", s)
	}
	*t = Instant(at.UnixMicro())
	return nil
}

// parseSaved reads the metadata of a saved cube.
func parseSaved(src []byte) (*Saved, error) {
	var s Saved
	if err := json.Unmarshal(src, &s); err != nil {
		return nil, fmt.Errorf("its metadata %s: %w", SavedKey, err)
	}
	if s.SchemaVersion > savedVersion {
		return nil, fmt.Errorf("a saved cube of version %d, this program reads %d: want a newer trustreplay, or build the cube again", s.SchemaVersion, savedVersion)
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("its metadata %s: %w", SavedKey, err)
	}
	s.Weights, s.Time = cmp.Or(s.Weights, RecordsField), cmp.Or(s.Time, "month")
	return &s, nil
}

func (s *Saved) check() error {
	if s.SchemaVersion != savedVersion {
		return fmt.Errorf("schema_version %d: want %d", s.SchemaVersion, savedVersion)
	}
	if !slices.Contains([]string{"", "month", "day", "none"}, s.Time) {
		return fmt.Errorf("time %q: want month, day or none", s.Time)
	}
	for product, edges := range s.Edges {
		if !slices.Contains(Products, product) {
			return fmt.Errorf("edges of %q: want one of the products", product)
		}
		for i, e := range edges {
			if e < 1 || e > MaxScore || i > 0 && e <= edges[i-1] {
				return fmt.Errorf("edges of %s: want scores 1..%d in order, got %d", product, MaxScore, e)
			}
		}
	}
	if p := s.Period; p != nil && p.First > p.Last {
		return errors.New("its period ends before it begins")
	}
	if s.Maturity != nil && s.Maturity.Days < 1 {
		return fmt.Errorf("a maturity of %d days: want 1 or more", s.Maturity.Days)
	}
	for _, i := range s.Issues {
		if _, found := issueNamed(i.Kind); !found || i.Count < 0 {
			return fmt.Errorf("issue %q: want a kind of issue, and a count", i.Kind)
		}
	}
	return s.Totals.check()
}

// check reports totals that no records can have.
func (t *SavedTotals) check() error {
	if t == nil {
		return nil
	}
	for _, n := range []int64{t.Read, t.Rejected, t.Records, t.Fraud, t.Legit, t.Unlabeled, t.NoAmount, t.AmountMinor} {
		if n < 0 || n > 1<<62 {
			return fmt.Errorf("a total of %d: want 0 or more", n)
		}
	}
	if t.Read-t.Rejected != t.Records {
		return fmt.Errorf("totals: read %d less rejected %d is not records %d", t.Read, t.Rejected, t.Records)
	}
	return nil
}

// issueNamed returns the kind of issue of a name.
func issueNamed(name string) (IssueKind, bool) {
	i := slices.IndexFunc(issueKinds[:], func(k struct {
		name, allowed string
		noted         bool
	}) bool {
		return k.name == name
	})
	return IssueKind(max(i, 0)), i >= 0
}

// Has reports whether the rows tell a field's values apart; known is false where nobody said which fields they do.
func (s *Saved) Has(f Field) (has, known bool) {
	if s.Fields == nil {
		return false, false
	}
	return slices.Contains(s.Fields, f.Name), true
}

// Parts reports whether scores below and from an edge on are kept apart.
func (s *Saved) Parts(product string, edge int) bool {
	edges, binned := s.Edges[product]
	return !binned || slices.Contains(edges, edge)
}

// AsIssues returns the issues in the form of an account.
func (s *Saved) AsIssues() []IssueCount {
	var out []IssueCount
	for _, i := range s.Issues {
		kind, _ := issueNamed(i.Kind)
		c := IssueCount{Kind: kind, Count: i.Count}
		for _, p := range i.First {
			c.First = append(c.First, Issue{kind, p.File, p.Line, p.Group, p.Field, p.Value})
		}
		out = append(out, c)
	}
	return out
}

// Describe sets what an account of the history tells.
func (s *Saved) Describe(a Account) {
	if a.Period != nil {
		s.Period = &SavedPeriod{Instant(a.Period.First), Instant(a.Period.Last)}
	}
	s.IDsChecked, s.LabelTimes = a.IDsChecked, a.LabelTimes
	if m := a.Mature; m != nil {
		s.Maturity = &SavedMaturity{m.Days, Instant(m.AsOf), m.Immature, m.Late, m.Known, Instant(m.Newest)}
	}
	for _, c := range a.Issues {
		i := SavedIssue{Kind: c.Kind.String(), Count: c.Count, First: []SavedPlace{}}
		for _, p := range c.First {
			i.First = append(i.First, SavedPlace{p.File, p.Line, p.Group, p.Field, p.Value})
		}
		s.Issues = append(s.Issues, i)
	}
}

// json returns the metadata as text.
func (s *Saved) json() (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(s)
	return string(bytes.TrimSpace(b.Bytes())), err
}
