package replay

import "github.com/trustreplay/trustreplay/dataset"

// A Condition is a rule's compiled expression over the fields of a record.
type Condition struct {
	Source string
	Fields []dataset.Field
}

// Reads reports whether the condition reads a field of the product's response.
func (c *Condition) Reads(product string) bool { return false }
