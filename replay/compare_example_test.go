package replay_test

import (
	"context"
	"fmt"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// The champion is the vendor's table; the challenger approves from a lower session score on and blocks less.
func ExampleCube_Attribute() {
	champion, _ := replay.Builtin("table-waterfall")
	champion.FirstBands = replay.Standard
	challenger := *champion
	challenger.Name = "challenger"
	challenger.FirstBands.Edges = [4]int{226, 440, 520, 776}
	challenger.Matrix[dataset.ReviewCluster][dataset.Low] = dataset.Review

	// 1. One scan answers for both policies and for every step between them.
	ctx := context.Background()
	plan, err := replay.NewPlan(replay.Question{Policies: []*replay.Policy{champion, &challenger}})
	if err != nil {
		fmt.Println(err)
		return
	}
	files := []string{"../testdata/sample/combined.jsonl.gz"}
	scan, err := dataset.Open(ctx, files, nil, dataset.Options{Fields: plan.Fields()})
	if err != nil {
		fmt.Println(err)
		return
	}
	cube, err := replay.Build(ctx, plan, scan, 2, nil)
	if err != nil {
		fmt.Println(err)
		return
	}

	// 2. The swap table says what changes.
	c, err := cube.Compare(champion, &challenger)
	if err != nil {
		fmt.Println(err)
		return
	}
	p := c.Approvals()
	fmt.Printf("of %d records %d change, %d swap in (%d fraud), %d swap out\n",
		cube.Records(), c.Changed().N(), p.OnlyChallenger.N(), p.OnlyChallenger.Records[dataset.Fraud], p.OnlyChampion.N())
	for _, x := range c.Crossings {
		if x.Changed() && x.Challenger.Action == dataset.Approve {
			fmt.Printf("  %4d  %s / %s: %s -> %s\n", x.N(), x.Champion.Name, x.Challenger.Name, x.Champion.Action, x.Challenger.Action)
		}
	}

	// 3. The steps say why, and add up to it.
	steps, err := cube.Attribute(champion, &challenger)
	if err != nil {
		fmt.Println(err)
		return
	}
	var approvals int64
	for _, s := range steps {
		d := s.Difference().Actions[dataset.Approve]
		approvals += d.N()
		fmt.Printf("%-38s approve %+d (%+d fraud)\n", s.Name, d.N(), d.Records[dataset.Fraud])
	}
	fmt.Println("together", approvals, "of", c.Difference().Actions[dataset.Approve].N())
	// Output:
	// of 6000 records 770 change, 601 swap in (12 fraud), 0 swap out
	//     11  matrix[review][missing] / gate[high]: review -> approve
	//      2  matrix[review][very_low] / gate[high]: block -> approve
	//     23  matrix[review][low] / gate[high]: block -> approve
	//     68  matrix[review][review] / gate[high]: review -> approve
	//    343  matrix[review][high] / gate[high]: step_up -> approve
	//    154  matrix[review][very_high] / gate[high]: step_up -> approve
	// session review 451 -> 440              approve +0 (+0 fraud)
	// session high 551 -> 520                approve +601 (+12 fraud)
	// matrix[review][low] block -> review    approve +0 (+0 fraud)
	// together 601 of 601
}
