package replay

import "github.com/trustreplay/trustreplay/dataset"

// A Mode is how a history came by its second answers.
type Mode string

const (
	ModeCombined  Mode = "combined"  // onboarding was asked whatever session said
	ModeWaterfall Mode = "waterfall" // onboarding was asked for some session clusters and not for others
	ModeMixed     Mode = "mixed"     // neither: some records of every kind have it
	ModeSingle    Mode = "single"    // the history does not hold both products
)

// A Collection tells who was asked the second question.
type Collection struct {
	Mode Mode
	// Asked are the session clusters for which onboarding was asked as a rule; set for a waterfall.
	Asked []dataset.Cluster
	// NotAsked counts the records that hold no answer of onboarding and no failure to answer either.
	NotAsked int64
}

// Shares of a session cluster's records with onboarding asked, above and below which the cluster counts as asked or not.
// A cluster of fewer than minAsked records says nothing.
const (
	askedFrom = 0.8
	askedTo   = 0.2
	minAsked  = 10
)

// Collection reads from who was asked how the history was collected.
func (p *Profile) Collection() Collection {
	c := Collection{Mode: ModeSingle}
	if p.product("session") != nil && p.product("onboarding") != nil {
		c.Mode, c.Asked, c.NotAsked = p.mode()
	}
	return c
}

func (p *Profile) product(name string) *ProductProfile {
	for i := range p.Products {
		if p.Products[i].Product == name {
			return &p.Products[i]
		}
	}
	return nil
}

func (p *Profile) mode() (mode Mode, asked []dataset.Cluster, notAsked int64) {
	lowest, highest := 1.0, 0.0
	for first, statuses := range p.Asked {
		not := statuses[dataset.Absent] + statuses[dataset.NotCalled]
		all := sum(statuses)
		notAsked += not
		if first == int(dataset.NoCluster) || all < minAsked {
			continue
		}
		share := float64(all-not) / float64(all)
		lowest, highest = min(lowest, share), max(highest, share)
		if share >= askedFrom {
			asked = append(asked, dataset.Cluster(first))
		}
	}
	switch {
	case lowest >= askedFrom:
		return ModeCombined, nil, notAsked
	case highest >= askedFrom && lowest <= askedTo:
		return ModeWaterfall, asked, notAsked
	}
	return ModeMixed, nil, notAsked
}

func sum(counts [dataset.NumStatuses]int64) int64 {
	var n int64
	for _, c := range counts {
		n += c
	}
	return n
}
