package replay

import (
	"cmp"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// A wideGrid counts records by their position in a grid that is far larger than the caches. Two things keep it from waiting for
// memory at every record. A cell takes eight bytes: its records and their amount share a word, and go to a table before either
// could outgrow its part. And records do not go to their cells at once: they queue by which part of the grid is theirs, in
// sequence, and a full queue is counted while its part stays in the second-level cache.
type wideGrid struct {
	words  []uint64 // by position: records<<amountBits | amount
	queues []uint64 // of each part, queueLen entries: amount<<partBits | position within the part
	queued []uint32 // how many entries of each part's queue are in use
	over   *table   // by position: what did not fit into the words
}

const (
	partBits = 13 // 64 KiB of words
	partMask = 1<<partBits - 1
	queueLen = 1 << 12

	// The top bit of either part of a word says that it is to be emptied. An amount is below 1<<(64-partBits), so adding one to
	// a part whose top bit is clear cannot carry into the other.
	amountBits = 48
	amountMask = 1<<amountBits - 1
	wordFull   = 1<<63 | 1<<(amountBits-1)
)

// newWideGrid returns an empty grid of size cells that puts what does not fit into over.
func newWideGrid(size int, over *table) *wideGrid {
	parts := (size + partMask) >> partBits
	return &wideGrid{
		words:  make([]uint64, parts<<partBits),
		queues: make([]uint64, parts*queueLen),
		queued: make([]uint32, parts),
		over:   over,
	}
}

// add counts one record at each position. It returns the sum of the amounts and adds those that are absent to none.
func (w *wideGrid) add(index []uint32, amounts []int64, none *int64) (total int64) {
	queues, queued := w.queues, w.queued
	for r, amount := range amounts {
		if amount == dataset.NoAmount {
			amount = 0
			*none++
		}
		total += amount
		x := index[r]
		part := x >> partBits
		n := queued[part]
		queues[part*queueLen+n] = uint64(amount)<<partBits | uint64(x&partMask)
		queued[part] = n + 1
		if n+1 == queueLen {
			w.flush(part)
		}
	}
	return total
}

// flush counts the records that queue for a part.
func (w *wideGrid) flush(part uint32) {
	words := (*[1 << partBits]uint64)(w.words[part<<partBits:])
	for _, q := range w.queues[part*queueLen:][:w.queued[part]] {
		word := &words[q&partMask]
		*word += 1<<amountBits + q>>partBits
		if *word&wordFull != 0 {
			w.empty(part<<partBits|uint32(q&partMask), word)
		}
	}
	w.queued[part] = 0
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
	for part := range w.queued {
		w.flush(uint32(part))
	}
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
