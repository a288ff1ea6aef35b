package calibrate

import (
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// rungs are how far the edges of a ladder's policies are from the champion's: all of them, of both products, at once.
var rungs = [...]int{300, 250, 200, 150, 120, 100, 80, 60, 40, 20, 0, -20, -40, -60, -80, -100}

// ladderStarts are the places from which a ladder is walked: the strictest rung, one that is moderately stricter than the
// champion, and the champion. The strictest approves so few that it may show nothing.
const ladderStarts = 3

// ladder tests policies that were fixed before any record was looked at, from the strictest to the mildest, on all records, or
// on those from CertifyFrom on: the ones before may have carried a promise already.
func (c *Calibration) ladder(cube *replay.Cube, list []period) error {
	list = slices.DeleteFunc(slices.Clone(list), func(p period) bool { return p.key < c.Goals.CertifyFrom })
	w, err := windowOf("all", cube, list)
	if err != nil {
		return err
	}
	c.Ladder, c.Windows, c.Current, c.past, c.Candidates, c.Proposed = true, []Window{w}, nil, nil, nil, len(rungs)
	c.Treated = replay.Treated{}
	c.measure(c.Windows)
	if err := c.standing(c.Windows); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, by := range rungs {
		p := *newMould(c.Base, c.Goals).fresh()
		p.FirstBands = shifted(p.FirstBands, by)
		if p.Second != "" {
			p.SecondBands = shifted(p.SecondBands, by)
		}
		if text := string(p.YAML()); !seen[text] {
			seen[text] = true
			c.Candidates = append(c.Candidates, Candidate{Family: Neighbours, Policy: &p, Counts: make([]replay.Counts, 1)})
		}
	}
	return c.walk(w)
}

// shifted moves all edges by so much, as far as four edges fit within 1..1000.
func shifted(b replay.Bands, by int) replay.Bands {
	for i := range b.Edges {
		b.Edges[i] = min(max(b.Edges[i]+by, 1+i), dataset.MaxScore-len(b.Edges)+1+i)
	}
	return b
}
