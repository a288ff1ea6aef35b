package dataset

import "math"

// resize makes room for n values of a kind. Their content is undefined.
func (c *Column) resize(kind Kind, n int) {
	switch kind {
	case KindState:
		c.State = sized(c.State, n)
	case KindTime, KindAmount:
		c.I64 = sized(c.I64, n)
	case KindNumber:
		c.F64 = sized(c.F64, n)
	case KindText, KindCodes:
		c.Idx = sized(c.Idx, n)
	default:
		c.U8 = sized(c.U8, n)
	}
}

// clear makes c n absent values of a kind.
func (c *Column) clear(kind Kind, n int) {
	c.resize(kind, n)
	switch kind {
	case KindState:
		clear(c.State[:n])
	case KindTime, KindAmount:
		fill(c.I64[:n], math.MinInt64) // both NoTime and NoAmount
	case KindNumber:
		fill(c.F64[:n], nan)
	case KindText, KindCodes:
		clear(c.Idx[:n])
		c.Dict, c.DictID = []string{""}, 0
	default:
		clear(c.U8[:n])
	}
}

func fill[T any](s []T, v T) {
	for i := range s {
		s[i] = v
	}
}

// overlay replaces the values of c by those that top has.
func (c *Column) overlay(kind Kind, top *Column, n int) {
	switch kind {
	case KindState:
		for i, s := range top.State[:n] {
			// A response without a score is worth less than a score from elsewhere.
			if s > NoScore || s != Absent.state() && c.State[i] <= NoScore {
				c.State[i] = s
			}
		}
	case KindTime, KindAmount:
		for i, v := range top.I64[:n] {
			if v != math.MinInt64 {
				c.I64[i] = v
			}
		}
	case KindNumber:
		for i, v := range top.F64[:n] {
			if !math.IsNaN(v) {
				c.F64[i] = v
			}
		}
	case KindText, KindCodes:
		c.overlayText(top, n)
	default:
		for i, v := range top.U8[:n] {
			if v != 0 {
				c.U8[i] = v
			}
		}
	}
}

// overlayText gives c a dictionary of its own, with an entry for each record that has a text.
func (c *Column) overlayText(top *Column, n int) {
	dict := []string{""}
	for i, x := range top.Idx[:n] {
		text := top.Dict[x]
		if text == "" {
			text = c.Dict[c.Idx[i]]
		}
		c.Idx[i] = 0
		if text != "" {
			c.Idx[i] = uint32(len(dict))
			dict = append(dict, text)
		}
	}
	c.Dict, c.DictID = dict, 0
}
