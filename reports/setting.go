package reports

import (
	"slices"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// setting is what the measures of a whole result are taken under, groupSetting that of one of its groups.
func (s screen) setting(r replay.Result) calibrate.Setting {
	reviews := r.Reviewed
	if reviews == nil {
		reviews = calibrate.ReviewsByDay(r.Groups, s.by)
	}
	return calibrate.Setting{Confidence: s.confidence, Days: calibrate.Days(s.account.Period), ReviewsByDay: reviews, Economics: r.Economics, Open: &r.Open,
		Dependence: r.Dependence}
}

func (s screen) groupSetting(e *replay.Economics, key []string) calibrate.Setting {
	return calibrate.Setting{Confidence: s.confidence, Days: calibrate.GroupDays(s.account.Period, s.by, key), Economics: e}
}

// partSetting is that of a group of a result, with what is undecided in it.
func (s screen) partSetting(r replay.Result, g *replay.Group) calibrate.Setting {
	set := s.groupSetting(r.Economics, g.Key)
	set.Open, set.Dependence = &g.Open, g.Dependence
	return set
}

// idle reports whether a measure has nothing to show on a screen: one by value where no record has an amount, and one of
// reviews per day where there are no reviews or no days.
func (s screen) idle(m calibrate.Measure) bool {
	return m.ByValue && !s.hasAmounts() || m.Unit == calibrate.PerDay && (m.Numerator == 0 || !m.Value.Defined())
}

// unitWords names the money of a measure of cost.
func unitWords(m calibrate.Measure, e *replay.Economics) string {
	if m.Unit != calibrate.PerRecord || e == nil || e.Currency == "" {
		return ""
	}
	return " (" + e.Currency + ")"
}

// costNote says what costs are made of, where there are any.
func (s screen) costNote() []string {
	if len(s.results) == 0 || s.results[0].Economics == nil {
		return nil
	}
	notes := []string{"Cost: calls, reviews and step-ups, frauds approved and legit records blocked, at the prices given. What is reviewed or stepped up " +
		"is taken to lose neither; unlabeled and undecided records cost their handling alone. Saved, per record: on approving, or blocking, " +
		"all records without a call."}
	if note := s.breakEvenNote(); note != "" {
		notes = append(notes, note)
	}
	return notes
}

// approximates tells whether there are intervals by value or of costs.
func (s screen) approximates() bool {
	return slices.ContainsFunc(s.results, func(r replay.Result) bool {
		t := r.Total()
		return r.Economics != nil || slices.ContainsFunc(t.Spread[:], func(s replay.Spread) bool { return s.Most > 0 })
	})
}
