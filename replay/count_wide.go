package replay

import (
	"cmp"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// A wideGrid counts records by their position in a grid that is far larger than the caches, so that what counts is how much memory it
// spans: a cell takes eight bytes. Its records and their amount share a word, and go to a table before either could outgrow its part.
type wideGrid struct {
	words []uint64 // by position: records<<amountBits | amount
	over  *table   // by position: what did not fit into the words
}

const (
	// The top bit of either part of a word says that it is to be emptied. An amount is below that of its part, so adding one to a part
	// whose top bit is clear cannot carry into the other.
	amountBits = 48
	amountMask = 1<<amountBits - 1
	wordFull   = 1<<63 | 1<<(amountBits-1)
)

const _ = uint64(1<<(amountBits-1) - dataset.MaxAmount) // does not compile where an amount is too large

// newWideGrid returns an empty grid of size cells that puts what does not fit into over.
func newWideGrid(size int, over *table) *wideGrid { return &wideGrid{make([]uint64, size), over} }

// add counts one record at each position. It returns the sum of the amounts and adds those that are absent to none.
func (w *wideGrid) add(index []uint32, amounts []int64, none *int64) (total int64) {
	words := w.words
	for r, amount := range amounts {
		if amount == dataset.NoAmount {
			amount = 0
			*none++
		}
		total += amount
		word := &words[index[r]]
		if *word += 1<<amountBits + uint64(amount); *word&wordFull != 0 {
			w.empty(index[r], word)
		}
	}
	return total
}

// empty moves what a word holds to the table.
func (w *wideGrid) empty(index uint32, word *uint64) {
	t := w.over.at(uint64(index))
	t.n += int64(*word >> amountBits)
	t.amount += int64(*word & amountMask)
	*word = 0
}

// cells returns the cells that hold a record, in order of their index.
func (w *wideGrid) cells() []cell {
	used := 0
	for _, word := range w.words {
		if word != 0 {
			used++
		}
	}
	out := make([]cell, 0, used)
	for x, word := range w.words {
		if word != 0 {
			out = append(out, cell{uint32(x), int64(word >> amountBits), int64(word & amountMask)})
		}
	}
	var over []cell
	w.over.each(func(key uint64, t tally) { over = append(over, cell{uint32(key), t.n, t.amount}) })
	slices.SortFunc(over, func(a, b cell) int { return cmp.Compare(a.index, b.index) })
	return mergeCells(out, over)
}
