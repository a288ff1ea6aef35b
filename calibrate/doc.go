// Package calibrate turns the counts of a replay into rates, and says how sure they are.
//
//  1. A replay.Result holds counts, and nothing but counts.
//  2. [Measures] divides them: every [Measure] carries its numerator and denominator, and an interval where one is claimed.
//     A [Setting] adds the days of a queue, and costs by [CostForm].
//  3. [Warnings] lists what the counts cannot carry: too few frauds, labels missing, records undecided.
//  4. [PairedCounts] compares two policies on the same records, [PerformanceOf] and [CompareAreas] the scores of products.
//  5. [Judge] holds a comparison to the limits of an acceptance, on the value or on the bound that hurts.
//  6. [PValue], [MinToCertify] and [FixedSequence] say whether a rate is shown to be at most a target, and what is lacking.
//  7. A [Grid] holds the counts of every pair of scores; the searches over it are exact: cutoffs, staircases, nested regions,
//     waterfalls and monotone matrices.
//  7. [Strategy] moves a cutoff of a policy over every score, and finds the frontier of two; every point is a replay.
//  8. What history did not see is bounded, weighted or left out, never guessed: [Selective] and [Histogram.Contraction] where what
//     was stopped has no outcome, [Explored] and [DoublyRobust] where some of it was approved by a coin, [Development] where
//     labels are young.
//  9. What depends on each other or is of uneven size needs more than counts: [Entities] of records, [Bets] on amounts. A
//     [Watch] over time may be looked at every day, and [Predict] says which count would be no news.
//
// Division happens here and nowhere before, so that counts stay exact and can be added. 0/0 is undefined, never 0.
package calibrate
