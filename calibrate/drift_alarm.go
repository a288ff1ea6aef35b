package calibrate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// AlarmVersion counts incompatible changes of an alarm's state file.
const AlarmVersion = 1

// An Alarm is the state of a Watch over the fraud rate of a policy's mature approvals, to be kept between runs. Days are counted
// once, in their order: the promise of a Watch is void where a bad day is left out or counted twice.
type Alarm struct {
	Version int `json:"schema_version"`
	// Limit is the target, as replay.Limit prints it.
	Limit        string `json:"limit"`
	Policy       string `json:"policy"`
	PolicySHA256 string `json:"policy_sha256"`
	// MaturityDays is the age at which labels are final, 0 where they were taken as they are; AbsentMissing how a product that a
	// record does not hold is read. Both change which records are approved and labeled.
	MaturityDays  int  `json:"maturity_days"`
	AbsentMissing bool `json:"absent_missing"`
	// Watch is what the days come to: it is worked out anew from them whenever the state is read.
	Watch Watch      `json:"watch"`
	Days  []AlarmDay `json:"days"`
}

// An AlarmDay counts the mature approvals of one UTC day.
type AlarmDay struct {
	Day     string `json:"day"` // "2026-03-04"
	Records int64  `json:"records"`
	Frauds  int64  `json:"frauds"`
}

// NewAlarm returns an alarm that has counted nothing. The limit must be one on fraud_rate from above, its bound above 0 and below
// 50 %. The bet is against twice the bound (BetAgainst), which the evidence of the Watch then grows fastest on.
func NewAlarm(limit replay.Limit, pol *replay.Policy, maturityDays int, absentMissing bool) (*Alarm, error) {
	a := &Alarm{Version: AlarmVersion, Limit: limit.String(), Policy: pol.Name, PolicySHA256: pol.Hash(), MaturityDays: maturityDays,
		AbsentMissing: absentMissing, Days: []AlarmDay{}}
	target := limit.Bound.Float()
	if limit.Measure != "fraud_rate" || limit.AtLeast || !(target > 0 && target < 0.5) {
		return nil, fmt.Errorf("an alarm on %s: want fraud_rate <= BOUND with a bound above 0%% and below 50%%, such as fraud_rate <= 0.5%%", limit)
	}
	a.Watch = NewWatch(target, BetAgainst(target, 2*target))
	return a, nil
}

// ParseAlarm reads a state file for an alarm that was made by NewAlarm; an empty file is that alarm. A state of another limit, policy
// or way to read labels is an error that says what to do.
func ParseAlarm(file string, src []byte, a *Alarm) (*Alarm, error) {
	if len(strings.TrimSpace(string(src))) == 0 {
		return a, nil
	}
	var got Alarm
	if err := strictJSON(src, &got); err != nil {
		return nil, fmt.Errorf("%s: not the state of an alarm: %w", file, err)
	}
	if got.Version != AlarmVersion {
		return nil, fmt.Errorf("%s: schema_version %d, want %d", file, got.Version, AlarmVersion)
	}
	differs := func(what, was, is string) error {
		return fmt.Errorf("%s: is of %s %s, and this run of %s: evidence of the one says nothing of the other; want the former, or a new --state file for a new alarm",
			file, what, was, is)
	}
	switch {
	case got.PolicySHA256 != a.PolicySHA256:
		return nil, differs("policy", fmt.Sprintf("%q (%.12s)", got.Policy, got.PolicySHA256), fmt.Sprintf("%q (%.12s)", a.Policy, a.PolicySHA256))
	case got.Limit != a.Limit:
		return nil, differs("the limit", fmt.Sprintf("%q", got.Limit), fmt.Sprintf("%q", a.Limit))
	case got.MaturityDays != a.MaturityDays:
		return nil, differs("a maturity of", fmt.Sprint(got.MaturityDays), fmt.Sprint(a.MaturityDays)+" days")
	case got.AbsentMissing != a.AbsentMissing:
		return nil, differs("--absent missing", fmt.Sprint(got.AbsentMissing), fmt.Sprint(a.AbsentMissing))
	}
	out := *a
	for i, d := range got.Days {
		_, err := time.Parse(time.DateOnly, d.Day)
		if err != nil || d.Frauds < 0 || d.Records < d.Frauds || d.Records < 1 || d.Records > 1<<53 || i > 0 && d.Day <= got.Days[i-1].Day {
			return nil, fmt.Errorf("%s: days[%d]: %q with %d frauds of %d records: want days in order, each with a record", file, i, d.Day, d.Frauds, d.Records)
		}
		out.count(d)
	}
	if w := out.Watch; w.Records != got.Watch.Records || w.Frauds != got.Watch.Frauds || w.Batches != got.Watch.Batches {
		return nil, fmt.Errorf("%s: watch counts %d frauds of %d records, its days %d of %d: the file was changed", file, got.Watch.Frauds, got.Watch.Records, w.Frauds, w.Records)
	}
	return &out, nil
}

// count adds a day behind all others.
func (a *Alarm) count(d AlarmDay) {
	a.Days = append(a.Days, d)
	a.Watch = a.Watch.Add(d.Frauds, d.Records)
}

// Through returns the last day counted, "" before the first.
func (a *Alarm) Through() string {
	if len(a.Days) == 0 {
		return ""
	}
	return a.Days[len(a.Days)-1].Day
}

// An AlarmRun says what became of the days that a run brought.
type AlarmRun struct {
	// Added were counted now. Known had been counted before, Differing of them with other counts, which stay as they were. Late lie
	// before the last day counted without having been counted themselves: they came too late and are left out.
	Added, Known, Differing, Late int
	// First and Last are the days that were added, "" for none; Records and Frauds what they held.
	First, Last     string
	Records, Frauds int64
}

// Add counts the days that come after all that were counted before. The days are in order.
func (a *Alarm) Add(days []AlarmDay) (run AlarmRun) {
	through := a.Through()
	for _, d := range days {
		if d.Day > through {
			a.count(d)
			run.Added, run.Records, run.Frauds = run.Added+1, run.Records+d.Records, run.Frauds+d.Frauds
			run.First, run.Last = cmp.Or(run.First, d.Day), d.Day
			continue
		}
		at, found := slices.BinarySearchFunc(a.Days, d.Day, func(x AlarmDay, day string) int { return cmp.Compare(x.Day, day) })
		switch {
		case !found:
			run.Late++
		default:
			run.Known++
			if a.Days[at] != d {
				run.Differing++
			}
		}
	}
	return run
}

// AlarmDays returns what an alarm counts of the approvals of a history (replay.Cube.DayApprovals): those that have a label, of each
// day from a first one on, "" for all. Only days are counted of which every record is mature, since a day is counted once; where
// labels are taken as they are, the last day of the history, which may not be over, is left out instead. The account is the cube's.
func AlarmDays(approvals []replay.DayApprovals, account dataset.Account, from string) (out []AlarmDay) {
	before := ""
	switch {
	case account.Mature != nil:
		before = time.UnixMicro(account.Mature.AsOf+1).UTC().AddDate(0, 0, -account.Mature.Days).Format(time.DateOnly)
	case account.Period != nil:
		_, before = account.Period.Days()
	}
	for _, d := range approvals {
		fraud, legit := d.Records[dataset.Fraud], d.Records[dataset.Legit]
		if d.Day < before && d.Day >= from && fraud+legit > 0 {
			out = append(out, AlarmDay{d.Day, fraud + legit, fraud})
		}
	}
	return out
}
