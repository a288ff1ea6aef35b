// Package replay says what a policy would have done to a history, in counts and nothing but counts.
//
//  1. [ParsePolicy] reads a [Policy]; [Builtin] has those of the vendor's guides. [Policy.Decide] is the one implementation of
//     what a policy does with a record.
//  2. A [Question] says what one scan of a history is to answer; [NewPlan] finds the fields to read and lays out the answer.
//  3. [Build] reads the history into a [Cube]: how many records, and how much amount, share all that the policies can tell apart.
//     It never has more cells than records, and cubes of one plan add up ([Merge]).
//  4. [Cube.Run] replays a policy over the cube, [Cube.Compare] two of them record by record, [Cube.Attribute] takes their
//     difference apart. [Cube.Piles] hands the cells to whoever searches, [Cube.Table] to
//     whoever replays elsewhere.
//  5. What a cube cannot know of a cell is kept beside it: what production did ([Past]), what the undecided may become ([Open],
//     [Policy.Possible]), which labels are final ([Maturity]), whose a record is ([Dependence]), when it came ([Timeline]),
//     and what came of production's own step-ups and reviews ([Treated]).
//  6. [Count] counts a history for a file that [Build] reads like the history ([NewSavePlan], [Counted.Write], dataset.Saved).
//  7. [BuildProfile] looks at a history without a policy, for inspect.
//
// Everything is an integer and depends neither on the number of workers nor on the order of records.
//
// Where to look, by the beginning of a file's name:
//
//	policy builtin decide schema lint print    policies: what they are, what they do, what they may not have meant
//	parse                                      YAML: policies, acceptances, economics, limits, mappings
//	condition evaluate                         rules: expressions, their fields, and their values a batch at a time
//	plan builder build count cube numbering workers  the question, and the scan that answers it; count says where cells live while
//	                                           they are counted, cube_dense replays a large cube fast
//	result fold slice table                    the answer, without a split, of a part of the history, or left to others as columns
//	save saved weighted                        cubes in files: writing them, what they answer, counting their rows
//	compare decisions                          two policies on the same records, and every decision
//	past exploration maturity treated treatments impute  what production did, by which chance, label ages, treatments, assumptions
//	single entity timeline enrollment spread   records one by one: whose, in which order, of which amount
//	failures handling latency calendar         answers that failed, time to decide, months and days
//	library profile collection traits          red flags, signals and scores of a history, and of each of its months
//	economics limit acceptance                 prices, limits and gates, as their files say them
package replay
