package dataset

import (
	"bytes"

	"github.com/apache/arrow/go/v17/parquet/schema"
)

// schemaColumns lists the columns of the file that hold one plain value in each record.
func (p *parquetSource) schemaColumns() []SchemaColumn {
	var out []SchemaColumn
	for i := range p.meta.Schema.NumColumns() {
		col := p.meta.Schema.Column(i)
		if col.MaxRepetitionLevel() > 0 {
			continue
		}
		c := SchemaColumn{Path: Path(col.ColumnPath()), Kind: kindOf(col)}
		c.Raw = isText(col) && p.isRaw(i)
		out = append(out, c)
	}
	return out
}

func kindOf(col *schema.Column) Kind {
	switch meaningOf(col).sense {
	case senseBool:
		return KindBool
	case senseInt, senseUint, senseFloat, senseDecimal:
		return KindNumber
	case senseTime:
		return KindTime
	}
	return KindText
}

// sampleRows is how many records are looked at to recognise raw JSON.
const sampleRows = 64

// isRaw reports whether a text column's first values look like JSON objects. A column that cannot be read does not.
func (p *parquetSource) isRaw(column int) bool {
	for g := range p.meta.RowGroups {
		var texts []string
		if guard(func() (err error) { texts, err = p.sample(g, column); return err }) != nil {
			return false
		}
		for _, t := range texts {
			if t = trimLeft(t); t != "" && t != "null" {
				return t[0] == '{'
			}
		}
	}
	return false
}

func trimLeft(s string) string { return string(bytes.TrimLeft([]byte(s[:min(len(s), 64)]), " \t\r\n")) }

// sample returns the first texts of a column in one row group.
func (p *parquetSource) sample(g, column int) ([]string, error) {
	rg := p.meta.RowGroup(g)
	leaf := leafPlan{index: column, col: p.meta.Schema.Column(column), kind: KindText}
	at, err := p.placeChunk(rg, leaf)
	if err != nil {
		return nil, err
	}
	b := Batch{N: int(min(sampleRows, rg.NumRows()))}
	col := Column{Idx: make([]uint32, b.N)}
	c := p.newChunk(leaf)
	c.open(at, rg.NumRows())
	c.sink.begin(&col, b.N, 0)
	if err := c.read(&b, b.N); err != nil {
		return nil, err
	}
	c.sink.end(&col)
	var out []string
	for _, x := range col.Idx {
		out = append(out, col.Dict[x])
	}
	return out, nil
}
