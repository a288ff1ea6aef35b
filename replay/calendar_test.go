package replay

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestCalendars meets both sides of each edge: the first and the last microsecond of a period, before and after 1970.
func TestCalendars(t *testing.T) {
	at := func(s string) int64 {
		v, err := time.Parse("2006-01-02T15:04:05.999999", s)
		if err != nil {
			t.Fatal(err)
		}
		return v.UnixMicro()
	}
	for _, c := range []struct{ by, time, want string }{
		{Month, "2026-02-28T23:59:59.999999", "2026-02"}, {Month, "2026-03-01T00:00:00", "2026-03"},
		{Day, "2026-03-03T23:59:59.999999", "2026-03-03"}, {Day, "2026-03-04T00:00:00", "2026-03-04"},
		{Day, "2024-02-29T12:00:00", "2024-02-29"}, {Day, "1970-01-01T00:00:00", "1970-01-01"},
		{Day, "1969-12-31T23:59:59.999999", "1969-12-31"}, {Day, "1969-12-31T00:00:00", "1969-12-31"}, {Day, "1969-12-30T23:59:59.999999", "1969-12-30"},
	} {
		cal := calendars[c.by]
		if got := cal.name(cal.of(at(c.time))); got != c.want {
			t.Errorf("the %s of %s is %s, want %s", c.by, c.time, got, c.want)
		}
	}
}

// TestCalendarsCover checks that a time lies in its period and in no other, and that the name is the one package time gives.
func TestCalendarsCover(t *testing.T) {
	layouts := map[string]string{Month: "2006-01", Day: "2006-01-02"}
	rapid.Check(t, func(t *rapid.T) {
		us := rapid.Int64Range(-2e15, 4e15).Draw(t, "microseconds") // 1906 to 2096
		for by, cal := range calendars {
			n := cal.of(us)
			if us < cal.start(n) || us >= cal.start(n+1) {
				t.Errorf("%d is not in %s %d, %d to %d", us, by, n, cal.start(n), cal.start(n+1))
			}
			if got, want := cal.name(n), time.UnixMicro(us).UTC().Format(layouts[by]); got != want {
				t.Errorf("%s of %d is %s, want %s", by, us, got, want)
			}
		}
	})
}
