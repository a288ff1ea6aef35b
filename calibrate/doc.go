// Package calibrate turns the counts of a replay into rates, says how sure they are, and finds the policy to run instead.
//
//  1. A replay.Result holds counts, and nothing but counts.
//  2. [Measures] divides them: every [Measure] carries its numerator and denominator, and an interval where one is claimed.
//     A [Setting] adds the days of a queue, and costs by [CostForm]. [NewCostCurve] leaves the prices open.
//  3. [Warnings] lists what the counts cannot carry: too few frauds, labels missing, records undecided.
//  4. [PairedCounts] compares two policies on the same records, [PerformanceOf] and [CompareAreas] the scores of products.
//  5. [Judge] holds a comparison to the limits of an acceptance, on the value or on the bound that hurts.
//  6. [PValue], [MinToCertify] and [FixedSequence] say whether a rate is shown to be at most a target, and what is lacking.
//  7. A [Grid] holds the counts of every pair of scores; the searches over it are exact: cutoffs, staircases, nested regions,
//     waterfalls and monotone matrices.
//  8. [Strategy] moves a cutoff of a policy over every score, and finds the frontier of two; every point is a replay.
//  9. [Calibrate] proposes policies on the oldest records of a history, ranks them on the next and certifies on the newest
//     what keeps all [Goals]. A [Certificate] can be recomputed, and a [Ledger] remembers which records carried one.
//  10. What stands beside a [Calibration] looks at all records and is no promise: [NewSurvey] for searches, shapes and prices,
//     [Calibration.Rollout] for the way there, [NewBacktest] for what the procedure would have advised before.
//  11. What history did not see is bounded, weighted or left out, never guessed: the ranges of a [Measure] where records are
//     undecided, which [Impute] narrows by an assumption that says so, [Selective] and [Histogram.Contraction] where what was stopped has no outcome, [ExplorePolicy]
//     where some of it was approved by a coin, [Development] and [GrowthOf] where labels are young, [FinalOf]
//     where a treatment's outcome is guessed, [Measured] where production's own say something of it.
//  12. What depends on each other or is of uneven size needs more than counts: [Entities] of records, [Bets] on amounts. A
//     [Watch] over time may be looked at every day, and [Predict] says which count would be no news.
//  13. [CompareDrift] holds a period against a baseline: shares with simultaneous intervals, stability indices beside what chance
//     would make of them, exact tests of what records show. [Stability] does so month by month, and an [Alarm] keeps a Watch.
//
// Division happens here and nowhere before, so that counts stay exact and can be added. 0/0 is undefined, never 0.
//
// Where to look, by the beginning of a file's name:
//
//	measure cost break interval moments bands  rates, costs and their intervals (2)
//	warning                                    doubts: about a result, a comparison, a calibration (3)
//	paired delong roc performance              two policies, or two scores, on the same records (4)
//	gate                                       an acceptance: judging, reading a measure, bounds, sentences (5)
//	pvalue multiple                            exact tests, bounds, and many at once (6)
//	search                                     forms, grids and one exact search a file (7)
//	curve                                      what a moving cutoff does (8)
//	goals target bench finding                 what is wanted, as limits that can be counted and tested (9)
//	certify windows hearing ladder production  Calibrate itself: windows, ranking, missing labels, the walk
//	refusal collect                            what the history did not ask, and what to collect
//	propose shape space                        policies of each family, and counting many of them fast
//	certificate ledger                         the claim, reading it back, comparing, and the uses of records
//	apparent unrestricted price                all records at once: searches, any shape, prices of limits (10)
//	rollout backtest                           steps to the recommendation, and the procedure in the past
//	bounds impute                              what was not asked: ranges, and what may be assumed (11)
//	manski contraction exploration             what has no outcome, or was let through at random
//	survival growth treatment                  young labels, and what becomes of step-ups and reviews
//	entity betting wager eprocess predictive   dependence, amounts, alarms and forecasts (12)
//	drift                                      a period against a baseline, month by month, and the alarm's state (13)
package calibrate
