package calibrate

import (
	"fmt"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// GoalsID are goals as text, from which Goals reads them back.
type GoalsID struct {
	Objective string    `json:"objective"`
	Limits    []string  `json:"limits"`
	Families  []string  `json:"families,omitempty"`
	Otherwise string    `json:"otherwise,omitempty"`
	AnyMatrix bool      `json:"any_matrix,omitempty"`
	Cutoffs   [2]Range  `json:"cutoffs,omitzero"`
	Bands     []BandsID `json:"bands,omitempty"`
	Economics string    `json:"economics,omitempty"`
	Until     string    `json:"until,omitempty"`
	From      string    `json:"certify_from,omitempty"`
	Entity    string    `json:"entity,omitempty"`
	Cap       int64     `json:"cap_minor_units,omitempty"`
}

// A BandsID names the bands of the champion's first product, 0, or second, 1.
type BandsID struct {
	Product int    `json:"product"`
	Bands   string `json:"bands"`
}

// id writes goals as text.
func (g Goals) id() GoalsID {
	out := GoalsID{Objective: string(g.Objective), AnyMatrix: g.AnyMatrix, Cutoffs: g.Ranges, Until: g.Until, From: g.CertifyFrom, Entity: g.Entity, Cap: g.Cap}
	for _, l := range g.Limits {
		out.Limits = append(out.Limits, l.String())
	}
	for _, f := range g.Families {
		out.Families = append(out.Families, string(f))
	}
	if g.Otherwise != dataset.NoAction {
		out.Otherwise = g.Otherwise.String()
	}
	for i, b := range g.Bands {
		if !b.Recorded() {
			out.Bands = append(out.Bands, BandsID{i, b.String()})
		}
	}
	if g.Economics != nil {
		out.Economics = string(g.Economics.YAML())
	}
	return out
}

// Goals reads the goals back.
func (c *Certificate) goals() (Goals, error) {
	id := c.Goals
	g := Goals{Objective: Objective(id.Objective), Delta: c.Delta, AnyMatrix: id.AnyMatrix, Ranges: id.Cutoffs, Until: id.Until, CertifyFrom: id.From, Entity: id.Entity, Cap: id.Cap}
	for _, text := range id.Limits {
		l, err := replay.ParseLimit(text)
		if err != nil {
			return g, err
		}
		g.Limits = append(g.Limits, l)
	}
	for _, f := range id.Families {
		g.Families = append(g.Families, Family(f))
	}
	if id.Otherwise != "" {
		a, known := dataset.ActionNamed(id.Otherwise)
		if !known {
			return g, fmt.Errorf("otherwise %q: want step_up, review or block", id.Otherwise)
		}
		g.Otherwise = a
	}
	for _, b := range id.Bands {
		if b.Product < 0 || b.Product >= len(g.Bands) {
			return g, fmt.Errorf("bands of product %d: want 0 for the first, 1 for the second", b.Product)
		}
		var err error
		if g.Bands[b.Product], err = replay.ParseBands(b.Bands); err != nil {
			return g, err
		}
	}
	if id.Economics != "" {
		e, err := replay.ParseEconomics("economics of the certificate", []byte(id.Economics))
		if err != nil {
			return g, err
		}
		g.Economics = e
	}
	return g, nil
}
