package calibrate_test

import (
	"fmt"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

func Example() {
	// 1. A replay counted.
	p := &replay.Policy{Name: "login-recommended", First: "login"}
	var c replay.Counts
	c.Actions[dataset.Approve].Records = [dataset.NumLabels]int64{dataset.Legit: 598}
	c.Actions[dataset.Block].Records = [dataset.NumLabels]int64{dataset.Legit: 3, dataset.Fraud: 12}

	// 2. Measures divide.
	insult, _ := calibrate.Find(calibrate.Measures(p, c, 0.95), "insult_rate")
	fmt.Printf("insult rate %d of %d, between %.4f and %.4f\n", insult.Numerator, insult.Denominator, insult.Low, insult.High)
	fraud, _ := calibrate.Find(calibrate.Measures(p, c, 0.95), "fraud_rate")
	if most, found := fraud.AtMost(); found {
		fmt.Printf("fraud rate %d of %d, at most %.4f\n", fraud.Numerator, fraud.Denominator, most)
	}

	// 3. Doubts stand beside them.
	for _, w := range calibrate.Warnings(replay.Result{Policy: p, Counts: c}) {
		fmt.Println(w.Code)
	}
	// Output:
	// insult rate 3 of 601, between 0.0017 and 0.0146
	// fraud rate 0 of 598, at most 0.0050
	// few_frauds
	// no_amounts
}
