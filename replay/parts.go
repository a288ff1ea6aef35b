package replay

import "github.com/trustreplay/trustreplay/dataset"

// A PartTally counts the records that one part of a policy decided on.
type PartTally struct {
	Part
	Tally
}

// Parts returns what each part of the policy decided on, in the order in which a policy file has them: its rules, the gate's cells,
// the matrix's cells of the rows that the gate leads to, and the undecided of these rows. Each record is in one part, and parts
// without a record are there too.
func (r *Result) Parts() []PartTally {
	p := r.Policy
	var out []PartTally
	add := func(number int, t Tally) { out = append(out, PartTally{p.part(number), t}) }
	for i, t := range r.Rules {
		add(i, t)
	}
	rules := len(p.Rules)
	eachRow := func(next bool, f func(row int)) {
		for _, c := range rowOrder {
			if (p.Gate[c] == Next) == next {
				f(int(c))
			}
		}
	}
	eachRow(false, func(row int) { add(rules+row, r.Cells[row][0]) })
	eachRow(true, func(row int) {
		for _, c := range rowOrder {
			add(rules+gateParts+row*NumRows+int(c), r.Cells[row][1+int(c)])
		}
	})
	eachRow(true, func(row int) { add(rules+gateParts+matrixParts+row, r.Open[row]) })
	return out
}

// rowOrder is that of rows and columns in a policy file: what is missing, then from the least to the most trusted.
var rowOrder = append([]dataset.Cluster{dataset.NoCluster, dataset.Unclustered}, dataset.Clusters...)
