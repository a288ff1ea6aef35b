package dataset

import "time"

// LabelTimes tell whether a history says when its labels became known, which is what maturity is judged by.
type LabelTimes struct {
	// Labeled counts the records with a label, Known those with the time at which it became known.
	Labeled int64 `json:"labeled"`
	Known   int64 `json:"known"`
}

// Unknown reports whether there are labels and none of their times is known: whether they are final cannot be told.
func (l *LabelTimes) Unknown() bool { return l != nil && l.Labeled > 0 && l.Known == 0 }

// Add adds a count.
func (l *LabelTimes) Add(m LabelTimes) { l.Labeled, l.Known = l.Labeled+m.Labeled, l.Known+m.Known }

// A MatureCount counts what maturity did to the labels of records.
type MatureCount struct {
	// Immature counts the records that are too young, or without a time; Late the frauds that were reported after maturity.
	Immature, Late int64
	// Known counts the records of which it is recorded when the label became known; without that, no fraud is late.
	Known int64
	// Newest is the time of the newest mature record, 0 where there is none.
	Newest int64
}

// Mature tells how an account's labels were read.
type Mature struct {
	Days int
	AsOf int64 // microseconds since 1970
	// Only is set where the immature records were left out, and not counted without their label.
	Only bool
	MatureCount
}

// Add adds a count.
func (m *Mature) Add(c MatureCount) {
	m.Immature, m.Late, m.Known, m.Newest = m.Immature+c.Immature, m.Late+c.Late, m.Known+c.Known, max(m.Newest, c.Newest)
}

// Dates returns the UTC days of AsOf and of the newest mature record, "" for none.
func (m *Mature) Dates() (asOf, newest string) {
	day := func(us int64) string { return time.UnixMicro(us).UTC().Format(time.DateOnly) }
	if m.Newest > 0 {
		newest = day(m.Newest)
	}
	return day(m.AsOf), newest
}
