package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/urfave/cli/v2"
)

// standardMaturity is how many days old a record has to be for its label to count, where a history tells its ages and nobody says
// otherwise (STATISTICS.md, section 4).
const standardMaturity = 120

// maturityFlags say from when on labels are final.
func maturityFlags(more ...cli.Flag) []cli.Flag {
	return append(more,
		&cli.IntFlag{Name: "maturity", Usage: "count a label once its record is `DAYS` old, and fraud that was reported later as legit; 0 takes labels as they are",
			DefaultText: fmt.Sprintf("%d where records say when their label became known", standardMaturity)},
		&cli.StringFlag{Name: "as-of", Usage: "the `DAY` at whose end labels were read, for --maturity", DefaultText: "the time of the newest record or label"},
	)
}

// maturity reads those flags into a question. Without --as-of the history is read for its times first, unless its first records
// tell no age: then the answer is tried without a maturity, see cube. whole asks for certainty before that.
func (e *env) maturity(c *cli.Context, h *history, q *replay.Question, whole bool) error {
	if h.saved != nil {
		return h.maturity(c, q)
	}
	days := standardMaturity
	if c.IsSet("maturity") {
		days = c.Int("maturity")
	}
	return e.matureFor(c, h, q, days, whole)
}

// matureFor is maturity for a number of days that somebody asks for: the flag, where it is given, or else other than the standard.
func (e *env) matureFor(c *cli.Context, h *history, q *replay.Question, days int, whole bool) error {
	asOf := c.String("as-of")
	switch {
	case days < 0 || days > replay.MaxMaturity:
		return fmt.Errorf("--maturity must be 0..%d days, got %d", replay.MaxMaturity, days)
	case days == 0 && asOf != "":
		return errors.New("--as-of is for --maturity, which is 0: want days, or no --as-of")
	case days == 0:
		return nil
	case asOf != "":
		day, err := time.Parse(time.DateOnly, asOf)
		if err != nil {
			return fmt.Errorf("--as-of %q: want a day such as 2026-03-31", asOf)
		}
		q.Maturity = replay.Maturity{Days: days, AsOf: day.AddDate(0, 0, 1).UnixMicro() - 1} // its end
		return nil
	}
	var err error
	if h.stdin, err = e.buffered(c.Context, h.files); err != nil {
		return err
	}
	if c.IsSet("maturity") || days != standardMaturity {
		ages, err := e.ages(c.Context, h)
		if err == nil && ages.Latest == dataset.NoTime {
			err = errors.New("--maturity: no record has a time, so none has an age")
		}
		q.Maturity = replay.Maturity{Days: days, AsOf: ages.Latest}
		return err
	}
	if !whole {
		if h.unsure, err = h.ageless(c.Context); err != nil || h.unsure {
			q.LabelTimes = true
			return err
		}
	}
	return e.standard(c.Context, h, q)
}

// standard sets the standard maturity where any record tells its age, and else asks for nothing but to say so.
func (e *env) standard(ctx context.Context, h *history, q *replay.Question) error {
	ages, err := e.ages(ctx, h)
	q.LabelTimes = ages.Aged == 0
	if ages.Aged > 0 {
		q.Maturity = replay.Maturity{Days: standardMaturity, AsOf: ages.Latest}
	}
	h.unsure = false
	return err
}

// ages reads the times of a history to its end.
func (e *env) ages(ctx context.Context, h *history) (replay.Ages, error) {
	scan, err := h.open(ctx, replay.AgeFields)
	if err != nil {
		return replay.Ages{}, err
	}
	stop := e.watch(scan, "reading times")
	defer stop()
	return replay.ReadAges(ctx, scan, h.workers)
}

// ageless reports whether none of the first records tells its age.
func (h *history) ageless(ctx context.Context) (bool, error) {
	scan, err := h.open(ctx, replay.AgeFields)
	if err != nil {
		return false, err
	}
	ages, err := replay.PeekAges(ctx, scan)
	return ages.Aged == 0, err
}
