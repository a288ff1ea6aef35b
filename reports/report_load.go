package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"

	"github.com/trustreplay/trustreplay/replay"
)

// MaxReport is more than the file of any report may have, in bytes.
const MaxReport = 64 << 20

// ParseReport reads the JSON of a report and returns its document, from which every form is written as it was from the data. name is
// that of the file in errors, which tell the place in it too. What the file says for programs is passed on as it is.
func ParseReport(name string, src []byte) (Document, error) {
	fields, err := readReport(name, src)
	if err != nil {
		return Document{}, err
	}
	d, err := loadDocument(fields["document"])
	if err != nil {
		return Document{}, fmt.Errorf("%s: %w", name, err)
	}
	d.Data = json.RawMessage(src)
	return d, nil
}

// readReport returns the members of a report's file of a version that this program knows.
func readReport(name string, src []byte) (map[string]any, error) {
	if len(src) > MaxReport {
		return nil, fmt.Errorf("%s is longer than %d MiB, the most that is read of a report", name, MaxReport>>20)
	}
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, fmt.Errorf("%s: not the JSON of a report: %w", placeIn(name, src, err), err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("%s: text behind its end, at byte %d", name, dec.InputOffset())
	}
	fields, ok := tree.(map[string]any)
	if kind, _ := fields["kind"].(string); !ok || kind != reportKind {
		return nil, fmt.Errorf("%s: not the JSON of a report: want the file that trustreplay report writes, with kind %q", name, reportKind)
	}
	if version, _ := fields["schema_version"].(json.Number); version.String() != fmt.Sprint(reportVersion) {
		return nil, fmt.Errorf("%s: schema_version %.20v, want %d: it was written by another version of trustreplay", name, fields["schema_version"], reportVersion)
	}
	return fields, nil
}

// placeIn adds the line to a file's name, where an error tells it.
func placeIn(name string, src []byte, err error) string {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return name
	}
	at := min(max(syntax.Offset, 0), int64(len(src)))
	return fmt.Sprintf("%s:%d", name, 1+bytes.Count(src[:at], []byte("\n")))
}

// A Previous is the report of a month before, as far as the next one needs it.
type Previous struct {
	// File is its name, Month the one that it is of.
	File, Month  string
	maturityDays int // 0 where labels were taken as they are
	forecasts    []forecastJSON
}

var monthForm = regexp.MustCompile(`^\d{4}-(0[1-9]|1[0-2])$`)

// ParsePrevious reads the forecasts of a report's JSON.
func ParsePrevious(name string, src []byte) (*Previous, error) {
	if _, err := readReport(name, src); err != nil {
		return nil, err
	}
	var saved struct {
		Month     *string        `json:"month"`
		Maturity  *maturityJSON  `json:"maturity"`
		Forecasts []forecastJSON `json:"forecasts"`
	}
	if err := json.Unmarshal(src, &saved); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if saved.Month == nil || len(saved.Forecasts) == 0 {
		return nil, fmt.Errorf("%s: the report has no month and no forecast: its records had no time", name)
	}
	if !monthForm.MatchString(*saved.Month) {
		return nil, fmt.Errorf("%s: month %.40q: want one such as 2026-03", name, *saved.Month)
	}
	for i, f := range saved.Forecasts {
		if err := f.check(); err != nil {
			return nil, fmt.Errorf("%s: forecasts[%d]%w", name, i, err)
		}
	}
	out := &Previous{File: name, Month: *saved.Month, forecasts: saved.Forecasts}
	if saved.Maturity != nil {
		out.maturityDays = saved.Maturity.Days
	}
	return out, nil
}

// mostCounted is beyond any history, and exact as a floating point number.
const mostCounted = 1 << 50

// check refuses counts that are none, and a policy that is not what its hash says.
func (f forecastJSON) check() error {
	p, err := replay.ParsePolicy("policy", []byte(f.Policy.YAML))
	if err != nil {
		return fmt.Errorf(".policy: %w", err)
	}
	if p.Hash() != f.Policy.SHA256 {
		return fmt.Errorf(".policy: sha256 %.80q is not that of the policy: the file was changed", f.Policy.SHA256)
	}
	count := func(place, name string, k, n int64) error {
		if k < 0 || k > n || n > mostCounted {
			return fmt.Errorf("%s: %d of %d is no count", place, k, n)
		}
		if !slices.Contains(forecastNow, name) && !slices.Contains(forecastLater, name) {
			return fmt.Errorf("%s: unknown measure %.40q: want one of %v", place, name, slices.Concat(forecastNow, forecastLater))
		}
		return nil
	}
	var errs []error
	for i, m := range f.Measures {
		errs = append(errs, count(fmt.Sprintf(".measures[%d]", i), m.Name, m.K, m.N))
		if m.N == 0 {
			errs = append(errs, fmt.Errorf(".measures[%d]: n is 0, which forecasts nothing", i))
		}
	}
	for i, month := range f.Months {
		if month.Month != "" && !monthForm.MatchString(month.Month) {
			errs = append(errs, fmt.Errorf(".months[%d]: month %.40q: want one such as 2026-03", i, month.Month))
		}
		for k, c := range month.Counts {
			errs = append(errs, count(fmt.Sprintf(".months[%d].counts[%d]", i, k), c.Name, c.K, c.N))
		}
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
