// Package calibrate turns the counts of a replay into rates, and says how sure they are.
//
//  1. A replay.Result holds counts, and nothing but counts.
//  2. [Measures] divides them: every [Measure] carries its numerator and denominator, and an interval where one is claimed.
//  3. [Warnings] lists what the counts cannot carry: too few frauds, labels missing, records undecided.
//
// Division happens here and nowhere before, so that counts stay exact and can be added. 0/0 is undefined, never 0.
package calibrate
