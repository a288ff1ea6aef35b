package reports

import (
	"fmt"
	"slices"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// enrollments compare the step-ups of each login policy with those of its replay user by user.
func (s screen) enrollments() []Block {
	out := s.enrollmentsBeside()
	for _, r := range s.results {
		e := r.Enrollment
		if e == nil {
			continue
		}
		if e.Users == 0 {
			out = append(out, Paragraph("Enrollment cannot be replayed: no record has both a user and a time."))
			continue
		}
		t := &Table{Caption: "MFA with enrollment, by month (UTC), under " + r.Policy.Name, Columns: []Column{{Name: "month"}, {Name: "logins", Align: Right},
			{Name: "plain", Head: "MFA, record by record", Align: Right}, {Name: "enrolled", Head: "MFA, user by user", Align: Right}, {Name: "share", Align: Right}}}
		for _, m := range e.Months {
			t.Rows = append(t.Rows, enrollmentRow(m))
		}
		t.Total = enrollmentRow(total(e))
		t.Footnotes = s.enrollmentNotes(e)
		out = append(out, t)
	}
	return out
}

// enrollmentsBeside put the step-ups of several policies, user by user, side by side. Their months are the same: which records have a
// user and a time does not depend on the policy.
func (s screen) enrollmentsBeside() []Block {
	t := &Table{Caption: "MFA with enrollment, user by user, by month (UTC): the policies side by side", Columns: []Column{{Name: "month"}, {Name: "logins", Align: Right}}}
	var months [][]replay.EnrollmentMonth
	for _, r := range s.results {
		if e := r.Enrollment; e != nil && e.Users > 0 {
			t.Columns = append(t.Columns, Column{Name: r.Policy.Name, Align: Right})
			months = append(months, append(slices.Clone(e.Months), total(e)))
		}
	}
	if len(months) < 2 {
		return nil
	}
	for i, m := range months[0] {
		row := []Cell{textCell(m.Month), countCell(m.Logins)}
		for _, of := range months {
			_, share := userByUser(of[i])
			row = append(row, share)
		}
		t.Rows = append(t.Rows, row)
	}
	last := len(t.Rows) - 1
	t.Rows, t.Total = t.Rows[:last], t.Rows[last]
	return []Block{t}
}

// total adds the months up.
func total(e *replay.Enrollment) replay.EnrollmentMonth {
	out := replay.EnrollmentMonth{Month: "all"}
	for _, m := range e.Months {
		out.Logins, out.Plain, out.Low, out.High = out.Logins+m.Logins, out.Plain+m.Plain, out.Low+m.Low, out.High+m.High
	}
	return out
}

// enrollmentRow prints the step-ups of a month.
func enrollmentRow(m replay.EnrollmentMonth) []Cell {
	count, share := userByUser(m)
	return []Cell{textCell(m.Month), countCell(m.Logins), {m.Plain, countShare(m.Plain, m.Logins)}, count, share}
}

// userByUser prints the step-ups of a month with enrollment, and their share, as a range where the history leaves them open.
func userByUser(m replay.EnrollmentMonth) (count, share Cell) {
	count, share = countCell(m.Low), shareCell(m.Low, m.Logins)
	if m.Low == m.High {
		return count, share
	}
	if m.Low == 0 {
		share.Text = "0" // the lower end of a range, not a dash for none
	}
	return textCell(thousands(m.Low) + " – " + thousands(m.High)), textCell(share.Text + " – " + shareCell(m.High, m.Logins).Text)
}

// enrollmentNotes say what was assumed, and what the history does not hold.
func (s screen) enrollmentNotes(e *replay.Enrollment) []string {
	full := calibrate.Rate("full", e.Full, e.Users, s.confidence)
	value, interval := measureText(full)
	if interval != "" {
		value += " (" + interval + ")"
	}
	notes := []string{
		fmt.Sprintf("%s users, %s of them with more than one login; %s were enrolled before: their first login was scored. %s enrollments; users with %d, the most that are stored: %s; %s enrollments found no room.",
			thousands(e.Users), thousands(e.Returning), thousands(e.Before), thousands(e.Enrollments), replay.MaxEnrollments, value, thousands(e.Refused)),
		"A login without an answer is taken as one without an enrollment. Whoever is stepped up is taken to pass and is enrolled. Scores are as recorded: what a further enrollment would " +
			"have made of later ones is not known. A range: logins without an answer of users that the replay has enrolled, who would have been scored.",
	}
	if e.Returning == 0 {
		notes = append(notes, "No user has a second login, so there is nothing to follow over time: name the field of the account.")
	}
	if e.Nobody > 0 {
		notes = append(notes, fmt.Sprintf("%s records without a user or a time are left out.", thousands(e.Nobody)))
	}
	return notes
}

// An enrollmentJSON is a login policy replayed user by user.
type enrollmentJSON struct {
	Users       int64                 `json:"users"`
	Returning   int64                 `json:"returning"` // with more than one login
	Before      int64                 `json:"enrolled_before"`
	Enrollments int64                 `json:"enrollments"`
	Refused     int64                 `json:"refused"`  // enrollments beyond the most that are stored
	AtLimit     measureJSON           `json:"at_limit"` // share of users with as many
	LeftOut     int64                 `json:"left_out"` // records without a user or a time
	Months      []enrollmentMonthJSON `json:"months"`
}

// Of an enrollmentMonthJSON, step_ups are those record by record; user by user they are within low and high.
type enrollmentMonthJSON struct {
	Month   string `json:"month"`
	Logins  int64  `json:"logins"`
	StepUps int64  `json:"step_ups"`
	Low     int64  `json:"low"`
	High    int64  `json:"high"`
}

func (s screen) enrollmentData(r replay.Result) *enrollmentJSON {
	e := r.Enrollment
	if e == nil {
		return nil
	}
	out := &enrollmentJSON{e.Users, e.Returning, e.Before, e.Enrollments, e.Refused, s.rateJSON("at_limit", e.Full, e.Users), e.Nobody, []enrollmentMonthJSON{}}
	for _, m := range e.Months {
		out.Months = append(out.Months, enrollmentMonthJSON{m.Month, m.Logins, m.Plain, m.Low, m.High})
	}
	return out
}

// tidyEnrollment appends lines of the tables step_up_by_month, by month, whose value is counted record by record and whose bounds
// user by user, and enrollment.
func (s screen) tidyEnrollment(t *Table, lead []any, r replay.Result) {
	e := r.Enrollment
	if e == nil {
		return
	}
	for _, m := range e.Months {
		t.line(lead, "step_up_by_month", m.Month, m.Logins, nil, nil, nil, nil, nil, m.Plain, m.Logins, calibrate.Rate("", m.Plain, m.Logins, s.confidence).Value,
			calibrate.Rate("", m.Low, m.Logins, s.confidence).Value, calibrate.Rate("", m.High, m.Logins, s.confidence).Value)
	}
	for _, x := range []struct {
		name string
		n    int64
	}{{"users", e.Users}, {"returning", e.Returning}, {"enrolled_before", e.Before}, {"enrollments", e.Enrollments}, {"refused", e.Refused}, {"at_limit", e.Full}, {"left_out", e.Nobody}} {
		t.line(lead, "enrollment", x.name, x.n)
	}
}
