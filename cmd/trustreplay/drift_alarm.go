package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

// driftCondition is the alarm on a changed decision.
const driftCondition = "drift"

// alarms are those of --alarm.
type alarms struct {
	drift bool
	limit *replay.Limit
}

// driftAlarms reads the flags of alarms.
func driftAlarms(c *cli.Context) (alarms, error) {
	var a alarms
	for _, text := range c.StringSlice("alarm") {
		if text == driftCondition {
			a.drift = true
			continue
		}
		l, err := replay.ParseLimit(text)
		if err != nil {
			return a, fmt.Errorf("--alarm: %w, or drift", err)
		}
		if a.limit != nil {
			return a, fmt.Errorf("--alarm %q beside %q: want one limit in a run, because each keeps a state of its own", l, a.limit)
		}
		// The parts of a state that are not known yet play no role in whether there can be an alarm.
		if _, err := calibrate.NewAlarm(l, &replay.Policy{}, 0, false); err != nil {
			return a, fmt.Errorf("--alarm: %w", err)
		}
		a.limit = &l
	}
	for _, flag := range []string{"state", "alarm-from"} {
		if c.IsSet(flag) && a.limit == nil {
			return a, fmt.Errorf("--%s is for an alarm on a limit: want --alarm 'fraud_rate <= 0.5%%' too", flag)
		}
	}
	if day := c.String("alarm-from"); day != "" {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return a, fmt.Errorf("--alarm-from %q: want a day such as 2026-03-01", day)
		}
	}
	return a, nil
}

// ring looks at the alarms, and keeps the state of the limit before anything of the answer is shown: evidence that was seen counts,
// whatever becomes of the rest.
func (e *env) ring(c *cli.Context, a alarms, d *calibrate.Drift, cube *replay.Cube, q replay.Question) ([]reports.DriftAlarm, error) {
	var out []reports.DriftAlarm
	if a.limit != nil {
		rung, err := e.ringLimit(c, *a.limit, cube, q)
		if err != nil {
			return nil, err
		}
		out = append(out, rung)
	}
	if a.drift {
		out = append(out, reports.DriftAlarm{Condition: driftCondition, Rings: len(d.Decisions.Marked()) > 0})
	}
	return out, nil
}

func (e *env) ringLimit(c *cli.Context, limit replay.Limit, cube *replay.Cube, q replay.Question) (reports.DriftAlarm, error) {
	out := reports.DriftAlarm{Condition: limit.String(), Kept: c.String("state") != "", From: c.String("alarm-from")}
	days := calibrate.AlarmDays(cube.DayApprovals(), cube.Account, "")
	var err error
	if until := c.String("until"); until != "" {
		days = slices.DeleteFunc(days, func(d calibrate.AlarmDay) bool { return d.Day >= until })
	}
	maturity := 0
	if m := cube.Account.Mature; m != nil {
		maturity = m.Days
	}
	if out.State, err = calibrate.NewAlarm(limit, q.Policies[0], maturity, q.AbsentMissing); err != nil {
		return out, err
	}
	if out.Kept {
		out.Run, err = e.keepAlarm(c, c.String("state"), out.State, days)
	} else {
		out.Run = out.State.Add(daysFrom(days, out.From))
	}
	out.Rings = out.State.Watch.Alarm(1 - c.Float64("confidence"))
	return out, err
}

// daysFrom leaves out the days before a first one, "" for none.
func daysFrom(days []calibrate.AlarmDay, from string) []calibrate.AlarmDay {
	return slices.DeleteFunc(slices.Clone(days), func(d calibrate.AlarmDay) bool { return d.Day < from })
}

// startsLate returns an error where a first day would leave out days that a state has yet to count. Who may leave out days behind
// those that were counted, having seen them, could keep any alarm from ringing.
func startsLate(file string, state *calibrate.Alarm, days []calibrate.AlarmDay, from string) error {
	through := state.Through()
	left := slices.DeleteFunc(slices.Clone(days), func(d calibrate.AlarmDay) bool { return d.Day <= through || d.Day >= from })
	if through == "" || len(left) == 0 {
		return nil
	}
	return fmt.Errorf("--alarm-from %s: %s has counted up to %s, and %s of the history, the first %s, would be left out for good: want no --alarm-from after %s, or a new --state file for a new alarm",
		from, file, through, dayCount(len(left)), left[0].Day, left[0].Day)
}

func dayCount(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// maxState is room for a thousand years of days.
const maxState = 64 << 20

// keepAlarm adds days to the state of a file and writes it back. Two runs at a time wait for each other.
func (e *env) keepAlarm(c *cli.Context, name string, state *calibrate.Alarm, days []calibrate.AlarmDay) (run calibrate.AlarmRun, err error) {
	unlock, err := lockLedger(c, name)
	if err != nil {
		return run, err
	}
	defer unlock()
	src, err := readUpTo(name, maxState)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return run, err
	}
	kept, err := calibrate.ParseAlarm(name, src, state)
	if err != nil {
		return run, err
	}
	from := c.String("alarm-from")
	if err := startsLate(name, kept, days, from); err != nil {
		return run, err
	}
	*state = *kept
	run = state.Add(daysFrom(days, from))
	return run, e.file(c, name, jsonText(state))
}
