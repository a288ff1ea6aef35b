package replay

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// MaxEnrollments is how many enrollments the vendor stores for a user (Login guide, "API Workflow").
const MaxEnrollments = 20

// maxLogins bounds the logins that are kept to be put in order of time: 32 bytes each, twice while the workers' share is brought
// together, so at most 4 GiB.
const maxLogins = 1 << 26

// A login is one record of a history that is replayed user by user. What it is of the user is a hash of the id, which is held in
// memory only.
type login struct {
	user  uint64
	time  int64
	mask  uint64 // the conditions that hold
	index uint32 // the position in the plan's inner grid
}

func (l login) compare(m login) int {
	return cmp.Or(cmp.Compare(l.user, m.user), cmp.Compare(l.time, m.time), cmp.Compare(l.index, m.index), cmp.Compare(l.mask, m.mask))
}

// note keeps the logins of a batch whose user and time are known.
func (b *Builder) note(batch *dataset.Batch) error {
	users, times := &batch.Cols[b.plan.user], batch.Cols[b.plan.time].I64
	hashes := b.users.of(users)
	for r, x := range b.index {
		if batch.Rejected(r) {
			continue
		}
		at := users.Idx[r]
		if at == 0 || times[r] == dataset.NoTime {
			b.nobody++
			continue
		}
		l := login{user: hashes[at], time: times[r], index: x}
		if b.eval != nil {
			l.mask = b.masks[r]
		}
		b.logins = append(b.logins, l)
	}
	if len(b.logins) > maxLogins {
		return errLogins
	}
	return nil
}

var errLogins = fmt.Errorf("more than %d records to replay user by user: want a part of the history at a time", maxLogins)

// userHashes keep the hashes of a dictionary's entries from batch to batch.
type userHashes struct {
	dict   uint64
	hashes []uint64
}

func (u *userHashes) of(c *dataset.Column) []uint64 {
	if c.DictID == 0 || c.DictID != u.dict {
		u.dict, u.hashes = c.DictID, u.hashes[:0]
	}
	for _, id := range c.Dict[len(u.hashes):] {
		h := fnv.New64a()
		h.Write([]byte(id))
		u.hashes = append(u.hashes, h.Sum64())
	}
	return u.hashes
}

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

// Enrollment replays a policy user by user. Its first and only product must be login, and the question must name the User.
func (c *Cube) Enrollment(pol *Policy) (*Enrollment, error) {
	if c.plan.user < 0 {
		return nil, fmt.Errorf("the cube was built without users")
	}
	if err := cmp.Or(pol.asksLoginAlone(), c.plan.covers(pol)); err != nil {
		return nil, err
	}
	e := &enrollment{runner: c.plan.runner(pol), out: Enrollment{Nobody: c.nobody}, months: map[int]*EnrollmentMonth{}}
	logins := slices.Clone(c.logins)
	slices.SortFunc(logins, login.compare)
	for start := 0; start < len(logins); {
		end := start + 1
		for end < len(logins) && logins[end].user == logins[start].user {
			end++
		}
		e.user(logins[start:end])
		start = end
	}
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
	out    Enrollment
	months map[int]*EnrollmentMonth
	held   int // the enrollments of the user so far
}

// user replays the logins of one user, which are in order of time.
func (e *enrollment) user(logins []login) {
	e.held = 0
	e.out.Users++
	if len(logins) > 1 {
		e.out.Returning++
	}
	for _, l := range logins {
		in := e.in(&cubeGroup{groupID: groupID{mask: l.mask}})
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
