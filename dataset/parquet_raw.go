package dataset

// newRawJSON returns the reader of a raw JSON column.
func newRawJSON(want []wanted, fields []Field, prefix Path) rawJSON {
	return newJSONReader(want, fields, prefix)
}
