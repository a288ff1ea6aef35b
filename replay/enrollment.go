package replay

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// MaxEnrollments is how many enrollments the vendor stores for a user (Login guide, "API Workflow").
const MaxEnrollments = 20

// An Enrollment is a login policy replayed user by user in order of time, with the enrollments that the Login guide tells of: a
// login without an enrollment is not scored, and whoever then passes is enrolled; whoever passes a step-up is enrolled anew, up
// to MaxEnrollments. Its scores are those of the history: what a further enrollment would have made of later ones is not known.
type Enrollment struct {
	// Months are ordered.
	Months []EnrollmentMonth
	// Users have a login in the history, Returning of them more than one, Before were enrolled before it begins: their first
	// login that counts was scored, which needs an enrollment.
	Users, Returning, Before int64
	// Enrollments were made in the replay, if everybody passed who was let in or stepped up; Refused found MaxEnrollments.
	Enrollments, Refused int64
	// Full are the users with MaxEnrollments at the end.
	Full int64
	// Nobody are the records without a user or a time, which are left out.
	Nobody int64
}

// An EnrollmentMonth counts the logins of a UTC month, such as "2026-03".
type EnrollmentMonth struct {
	Month  string
	Logins int64
	// Plain are stepped up by the policy record by record. With enrollment at least Low and at most High are: between them lie
	// logins that the history has no score of, of users that the replay has enrolled.
	Plain, Low, High int64
}

// Enrollment replays a policy user by user. Its first and only product must be login, and the question must name the Entity that logs in.
func (c *Cube) Enrollment(pol *Policy) (*Enrollment, error) {
	if c.plan.entity < 0 {
		return nil, fmt.Errorf("the cube was built without users")
	}
	if err := cmp.Or(pol.asksLoginAlone(), c.plan.covers(pol)); err != nil {
		return nil, err
	}
	e := &enrollment{runner: c.plan.runner(pol), groups: c.groups, months: map[int]*EnrollmentMonth{}}
	e.out.Nobody = int64(len(c.singles))
	c.entityRuns(func(run []single) { e.user(timed(run)) })
	for _, m := range e.months {
		e.out.Months = append(e.out.Months, *m)
	}
	slices.SortFunc(e.out.Months, func(a, b EnrollmentMonth) int { return cmp.Compare(a.Month, b.Month) })
	return &e.out, nil
}

// asksLoginAlone returns an error for a policy that enrollments have nothing to do with.
func (p *Policy) asksLoginAlone() error {
	if p.First == "login" && p.Second == "" {
		return nil
	}
	return fmt.Errorf("policy %s does not ask login alone: enrollment is replayed for policies that do, such as login-recommended", p.Name)
}

type enrollment struct {
	*runner
	groups []cubeGroup
	out    Enrollment
	months map[int]*EnrollmentMonth
	held   int // the enrollments of the user so far
}

// timed leaves out the logins without a time, which come first.
func timed(run []single) []single {
	for len(run) > 0 && run[0].time == dataset.NoTime {
		run = run[1:]
	}
	return run
}

// user replays the logins of one user, which are in order of time.
func (e *enrollment) user(logins []single) {
	if len(logins) == 0 {
		return
	}
	e.held = 0
	e.out.Nobody -= int64(len(logins))
	e.out.Users++
	if len(logins) > 1 {
		e.out.Returning++
	}
	for _, l := range logins {
		in := e.in(&e.groups[l.group])
		e.login(in.decision(l.index/dataset.NumLabels), e.month(l.time))
	}
	if e.held == MaxEnrollments {
		e.out.Full++
	}
}

func (e *enrollment) month(us int64) *EnrollmentMonth {
	n := dataset.MonthOf(us)
	if e.months[n] == nil {
		e.months[n] = &EnrollmentMonth{Month: calendars[Month].name(n)}
	}
	return e.months[n]
}

// login replays one login: what the policy does with it, and what that makes of the user's enrollments.
func (e *enrollment) login(d *Decision, m *EnrollmentMonth) {
	m.Logins++
	steppedUp := d.Action == dataset.StepUp
	if steppedUp {
		m.Plain++
	}
	scored := !isLost(d.FirstCluster)
	if !scored && d.By == ByGate && e.held > 0 {
		m.High++ // an enrolled user would have been scored, and the history does not tell how
		return
	}
	if scored && e.held == 0 {
		e.out.Before++
		e.held = 1
	}
	if steppedUp {
		m.Low, m.High = m.Low+1, m.High+1
	}
	lets := steppedUp || d.Action == dataset.Approve || d.Action == dataset.Monitor
	switch {
	case scored && !steppedUp || !lets:
	case e.held == MaxEnrollments:
		e.out.Refused++
	default:
		e.held++
		e.out.Enrollments++
	}
}
