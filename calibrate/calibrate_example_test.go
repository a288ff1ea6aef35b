package calibrate_test

import (
	"context"
	"fmt"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// Steps 9 and 10 of the package's map, on the synthetic sample: a policy to run, what is promised of it, and how to get there.
func ExampleCalibrate() {
	champion, _ := replay.Builtin("table-combined")
	cube, err := history("../testdata/sample/combined.jsonl.gz", champion)
	if err != nil {
		fmt.Println(err)
		return
	}

	// 9. Windows of time that share no record propose, rank and certify.
	limit, _ := replay.ParseLimit("fraud_rate <= 2%")
	c, err := calibrate.Calibrate(cube, champion, calibrate.Goals{Objective: calibrate.MostApprovals, Limits: []replay.Limit{limit},
		Families: []calibrate.Family{calibrate.Cutoffs}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d proposed, %d ranked, %d tested, %d certified\n", c.Proposed, len(c.Candidates), c.Tested, c.Passed)
	cert, _ := c.Certificate() // nil where nothing is certified
	fmt.Println(cert.Claim)

	// The records are spent: the first use keeps its promise, a second question of them withdraws its own.
	use, _ := c.Use(cube)
	var ledger calibrate.Ledger
	cert.Withdraw(ledger.Enter(use))
	fmt.Printf("use %d, withdrawn: %t\n", cert.Use, cert.Withdrawn != "")

	// 10. What stands beside it.
	steps, _ := c.Rollout(2)
	for _, s := range steps {
		fmt.Printf("%s: %d of %d approved\n", s.Policy.Name, s.Approval.Numerator, s.Approval.Denominator)
	}
	// Output:
	// 33 proposed, 9 ranked, 7 tested, 6 certified
	// With 95 % confidence, fraud among approved is at most 2 % (n = 2,849, k = 43) for applicants like those of 2025-04 to 2025-06, assuming independent applicants and labels missing by chance alone (38 of 3,016 records have none). Step 6 of 9.
	// use 1, withdrawn: false
	// step-1: 2548 of 3016 approved
	// recommended: 2887 of 3016 approved
}

// history reads a file as the counts that a calibration needs: by month, with every score apart.
func history(file string, champion *replay.Policy) (*replay.Cube, error) {
	ctx := context.Background()
	plan, err := replay.NewPlan(replay.Question{Policies: []*replay.Policy{champion}, By: []string{replay.Month}, Exact: true})
	if err != nil {
		return nil, err
	}
	scan, err := dataset.Open(ctx, []string{file}, nil, dataset.Options{Fields: plan.Fields()})
	if err != nil {
		return nil, err
	}
	return replay.Build(ctx, plan, scan, 1, nil)
}
