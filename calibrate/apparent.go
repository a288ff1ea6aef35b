package calibrate

import (
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A Survey searches all records of a history at once. Whatever it finds was chosen on the records that it is counted on: its
// figures are apparent, too good on the whole, and promise nothing. It is what a recommendation is to be held against.
type Survey struct {
	Goals Goals
	// Base is the champion with bands of scores in the place of recorded clusters.
	Base *replay.Policy
	// Window is all records, from the first period to the last, and those without a time.
	Window   Window
	Timeless int64

	proposer *proposer
	shapes   *Grid // as the proposer's; of one product, with the same second score everywhere, so that staircases fit
}

// NewSurvey prepares a survey. The cube is split by month or by day, keeps every score apart and covers the champion. The
// goals may be without limits, or without such as can be certified. A history without a single record wraps ErrNothing.
func NewSurvey(cube *replay.Cube, champion *replay.Policy, g Goals) (*Survey, error) {
	g, err := g.complete()
	if err != nil {
		return nil, err
	}
	base, err := banded(cube, champion, g)
	if err != nil {
		return nil, err
	}
	s := &Survey{Goals: g, Base: base}
	list, timeless, err := periodsOf(cube, champion)
	if err != nil {
		return nil, err
	}
	s.Timeless = timeless
	if s.Window, err = windowOf("all", cube, list); err != nil {
		return nil, err
	}
	if s.Window.cube, err = cube.Slice(func([]string) bool { return true }); err != nil {
		return nil, err
	}
	return s, s.prepare()
}

func (s *Survey) prepare() error {
	for _, l := range s.Goals.Limits {
		if l.Measure == "review_per_day" && s.Timeless > 0 {
			return fmt.Errorf("limit %s: %s records have no time, so there is no number of days to divide them by", l, count(s.Timeless))
		}
	}
	j, err := newTargets(s.Goals, s.Base, s.days())
	if err != nil {
		return err
	}
	space, err := NewSpace(s.Window.cube, s.Base)
	if err != nil {
		return err
	}
	if s.proposer, err = newSearcher(space, s.Goals, j, 1); err != nil {
		return err
	}
	s.Window.Total = s.proposer.space.total
	if s.Window.Total.N() == 0 {
		return fmt.Errorf("%w: the history holds no record", ErrNothing)
	}
	s.shapes, err = s.proposer.shapes()
	return err
}

// days is the length of the history, of which records without a time are no part.
func (s *Survey) days() int64 {
	if s.Window.From == "" {
		return 1
	}
	return s.Window.Days()
}

// shapes returns the grid for staircases: of one product, every record gets the same second score.
func (p *proposer) shapes() (*Grid, error) {
	if p.base.Second != "" {
		return p.grid, nil
	}
	var cells []ScoreCell
	for i, session := range p.grid.sessions {
		t := less(p.grid.at(i+1, 0), p.grid.at(i+2, 0))
		for _, label := range []dataset.Label{dataset.Unlabeled, dataset.Legit, dataset.Fraud} {
			if t.Records[label] > 0 {
				cells = append(cells, ScoreCell{session, 0, label, t.Records[label], t.Amount[label]})
			}
		}
	}
	return NewGrid(cells)
}

// Apparent is what exhaustive searches without any guarantee find on all records.
type Apparent struct {
	Window Window
	// Nobody is the policy that approves no record for its scores, which is worth a row of its own: where it has the most of
	// the objective, as with a high price of fraud, that is the answer. It keeps no limit on a rate among the approved, which
	// is undefined.
	Nobody Row
	// Rows are one for each search, in a fixed order: the cutoff of the first product, of the second, the pair, staircases of
	// at most two and four corners, the matrix, the waterfall, and the staircase of any shape.
	Rows []Row
	// nobodyMay is set where no limit speaks against approving nobody.
	nobodyMay bool
}

// A Row is what one search found.
type Row struct {
	// Search says what was searched: "pairs of cutoffs".
	Search string
	Family Family
	// Skipped says why the search does not suit the history, Infeasible why nothing that it found keeps the limits. Where
	// either is not "", only Tried and Feasible hold.
	Skipped, Infeasible string
	// Policy is what was found, nil for a shape that no policy can hold; Shape is that.
	Policy *replay.Policy
	Shape  *Staircase
	// First and Second are the cutoffs of searches for cutoffs, {NoScore, NoScore} for one that is not read; each of a range
	// will do, and the policy has the strictest. ApproveFrom is a waterfall's third, and First then the end of its block.
	First, Second, ApproveFrom Range
	// Tried counts the candidates of exhaustive searches, Feasible those within the limits, Tied those of the best value.
	// All are 0 for a search by prices.
	Tried, Feasible, Tied int64
	// Counts are what the policy does with all records, by replay; of a shape, what it does with records of both scores, and
	// the base with the rest.
	Counts replay.Counts
	// Objective is in records or, for profit and cost, in Money; of cost it is the negative.
	Objective int64
	// Gap is how much more of the objective a policy of this shape could have within the limits, at most: 0 of exhaustive
	// searches. It is about records with both scores, and is undefined where no bound is known.
	Gap Number
	// Kept is false for a policy that does not keep the limits, which Nobody may not.
	Kept bool
	// Outside is set where a cutoff is outside of the ranges that the goals allow.
	Outside bool
}

// Found reports whether the row holds a policy or a shape.
func (r Row) Found() bool { return r.Skipped == "" && r.Infeasible == "" }

// ApprovesNobody reports whether what was found approves no record at all.
func (r Row) ApprovesNobody() bool { return r.Found() && r.Counts.Approved().N() == 0 }

// NobodyIsBest reports whether nothing that was found has more of the objective than approving nobody, which breaks no limit
// but by leaving its ratio undefined.
func (a *Apparent) NobodyIsBest() bool {
	return a.nobodyMay && !slices.ContainsFunc(a.Rows, func(r Row) bool { return r.Found() && r.Objective > a.Nobody.Objective })
}

// Row returns the row of a search, or false.
func (a *Apparent) Row(search string) (Row, bool) {
	i := slices.IndexFunc(a.Rows, func(r Row) bool { return r.Search == search })
	if i < 0 {
		return Row{}, false
	}
	return a.Rows[i], true
}

// Apparent runs every search that suits the champion.
func (s *Survey) Apparent() (*Apparent, error) {
	a := &Apparent{Window: s.Window, Nobody: s.proposer.nobody(), nobodyMay: true}
	for i := range s.proposer.targets {
		t := &s.proposer.targets[i]
		if _, n := t.count(a.Nobody.Counts); n > 0 && !t.met(a.Nobody.Counts) {
			a.nobodyMay = false
		}
	}
	searches := s.proposer.searches(s.shapes)
	a.Rows = make([]Row, len(searches))
	err := inParallel(len(searches), func(i int) (err error) {
		a.Rows[i], err = searches[i].run()
		return err
	})
	return a, err
}

// inParallel does n jobs on all processors, each of which writes its own slot, and returns the first job's error.
func inParallel(n int, do func(int) error) error {
	errs := make([]error, n)
	jobs := make(chan int, n)
	for i := range n {
		jobs <- i
	}
	close(jobs)
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := range jobs {
				errs[i] = do(i)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
