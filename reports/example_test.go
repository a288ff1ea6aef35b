package reports_test

import (
	"os"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
)

// Counts come from a replay; here they are written down.
func Example() {
	r := replay.Result{Policy: &replay.Policy{Name: "login-recommended", First: "login"}}
	r.Actions[dataset.Approve].Records = [dataset.NumLabels]int64{dataset.Legit: 598}
	r.Actions[dataset.Block].Records = [dataset.NumLabels]int64{dataset.Legit: 3, dataset.Fraud: 12}
	r.Calls[0] = r.Total().N()

	// 1. Results become a document.
	d := reports.Replay([]replay.Result{r}, nil, dataset.Account{Read: 613}, 0.95)
	// 2. The document becomes bytes.
	if err := reports.Write(os.Stdout, d, "text", reports.TextOptions{}); err != nil {
		panic(err)
	}
	// Output:
	// Replay of 613 records under login-recommended
	// 613 read, 0 rejected
	//
	// Actions
	//  action     records     share  fraud  legit  unlabeled  fraud rate    95 % interval
	// ───────────────────────────────────────────────────────────────────────────────────
	//  approve        598   97.55 %      0    598          0           0   at most 0.50 %
	//  monitor          0         –      0      0          0         n/a
	//  step_up          0         –      0      0          0         n/a
	//  review           0         –      0      0          0         n/a
	//  block           15    2.45 %     12      3          0     80.00 %  54.81 – 92.95 %
	//  undecided        0         –      0      0          0         n/a
	// ───────────────────────────────────────────────────────────────────────────────────
	//  all            613  100.00 %     12    601          0      1.96 %    1.12 – 3.39 %
	//  Calls: login 613
	//
	// Measures
	//  measure                           value     95 % interval     counted
	// ──────────────────────────────────────────────────────────────────────
	//  approval rate                   97.55 %   96.00 – 98.51 %  598 of 613
	//  fraud rate among approved [1]         0    at most 0.50 %    0 of 598
	//  fraud capture (any friction)   100.00 %  75.75 – 100.00 %    12 of 12
	//  insult rate (legit, blocked)     0.50 %     0.17 – 1.46 %    3 of 601
	//  step-up rate                          0    at most 0.49 %    0 of 613
	//  review rate                           0    at most 0.49 %    0 of 613
	//  block rate                       2.45 %     1.49 – 4.00 %   15 of 613
	//  undecided                             0    at most 0.49 %    0 of 613
	//  label coverage                 100.00 %  99.38 – 100.00 %  613 of 613
	//  Intervals: Wilson, 95 %; "at most": exact one-sided bound (Clopper-Pearson). Both take records as
	//  independent; by value none is claimed.
	//
	// Warnings
	//  [1] few frauds: 0 of 598 labeled approvals. The fraud rate rests on them, so read its interval, not
	//      its value
	//  [2] no record has an amount: every measure by value is undefined
}
