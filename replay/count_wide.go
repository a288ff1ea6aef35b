package replay

import (
	"sync"

	"github.com/trustreplay/trustreplay/dataset"
)

// A wideGrid counts records by their position in a grid that is far larger than the caches, so that what counts is how much memory it
// spans: a cell takes four bytes. Its records and their amount share a word, and go to a second grid before either outgrows its part.
//
// The words of a label stand together. Nearly all records have the same one, and what they share a cache line with are then cells
// that are used as well, not those of the rarer labels.
type wideGrid struct {
	words []uint32    // by slot: records<<amountBits | amount
	over  []*overPage // by slot>>overBits: what did not fit into the words
	plane uint32      // slots of a label
	users int         // goroutines that may work on the grid at a time
}

const (
	// The top bit of either part of a word says that it is to be emptied, so what is kept has both clear: two such words can be added,
	// and adding a small amount cannot carry into the records.
	amountBits  = 22
	amountMask  = 1<<amountBits - 1
	wordFull    = 1<<31 | 1<<(amountBits-1)
	smallAmount = 1 << (amountBits - 1)
)

// An overPage is a part of the second grid. Few parts are needed where amounts are small: cells of very many records are rare.
type overPage [1 << overBits]tally

const overBits = 8

// newWideGrid returns an empty grid of size cells. A position is that of the scores times the number of labels, plus the label.
func newWideGrid(size int) *wideGrid {
	plane := (size + dataset.NumLabels - 1) / dataset.NumLabels
	slots := plane * dataset.NumLabels
	return &wideGrid{make([]uint32, slots), make([]*overPage, slots>>overBits+1), uint32(plane), 1}
}

// add counts one record at each position. It returns the sum of the amounts and adds those that are absent to none.
func (w *wideGrid) add(index []uint32, amounts []int64, none *int64) (total int64) {
	words, plane := w.words, w.plane
	for r, amount := range amounts {
		if amount == dataset.NoAmount {
			amount = 0
			*none++
		}
		total += amount
		slot := index[r]%dataset.NumLabels*plane + index[r]/dataset.NumLabels
		if amount >= smallAmount {
			w.spill(int(slot), 1, amount)
		} else if words[slot] += 1<<amountBits + uint32(amount); words[slot]&wordFull != 0 {
			w.spill(int(slot), 0, 0)
		}
	}
	return total
}

// spill moves what a word holds to the second grid, and adds to it there.
func (w *wideGrid) spill(slot int, n, amount int64) {
	page := &w.over[slot>>overBits]
	if *page == nil {
		*page = new(overPage)
	}
	t, word := &(*page)[slot%len(*page)], w.words[slot]
	t.n += n + int64(word>>amountBits)
	t.amount += amount + int64(word&amountMask)
	w.words[slot] = 0
}

// take adds what other grids of the same size hold, whose users it inherits.
func (w *wideGrid) take(others []*wideGrid) {
	w.users += len(others)
	w.share(len(w.over), func(_, from, to int) {
		for _, o := range others {
			w.takePages(o, from, to)
		}
	})
}

// takePages is take of the slots that belong to some pages.
func (w *wideGrid) takePages(o *wideGrid, from, to int) {
	low := from << overBits
	words := w.words[low:min(to<<overBits, len(w.words))]
	for i, word := range o.words[low:][:len(words)] {
		if words[i] += word; words[i]&wordFull != 0 {
			w.spill(low+i, 0, 0)
		}
	}
	for p, page := range o.over[from:to] {
		if page == nil {
			continue
		}
		for i, t := range page {
			if t.n > 0 {
				w.spill((from+p)<<overBits+i, t.n, t.amount)
			}
		}
	}
}

// share gives a part of 0..n-1 to each user of the grid, and waits for all.
func (w *wideGrid) share(n int, work func(user, from, to int)) {
	var wg sync.WaitGroup
	for u := range w.users {
		wg.Go(func() { work(u, n*u/w.users, n*(u+1)/w.users) })
	}
	wg.Wait()
}

// cells returns the cells that hold a record, in order of their position.
func (w *wideGrid) cells() []cell {
	used := make([]int, w.users) // cells of each user's part, then those before it
	w.share(int(w.plane), func(user, from, to int) {
		for label := range dataset.NumLabels {
			for slot := label*int(w.plane) + from; slot < label*int(w.plane)+to; slot++ {
				if w.words[slot] != 0 || w.spilled(slot).n > 0 {
					used[user]++
				}
			}
		}
	})
	total := 0
	for u, n := range used {
		used[u], total = total, total+n
	}
	out := make([]cell, total)
	w.share(int(w.plane), func(user, from, to int) { w.list(out[used[user]:], from, to) })
	return out
}

// list puts the cells of some scores that hold a record into out.
func (w *wideGrid) list(out []cell, from, to int) {
	n := 0
	for scores := from; scores < to; scores++ {
		for label := range dataset.NumLabels {
			slot := label*int(w.plane) + scores
			word, over := w.words[slot], w.spilled(slot)
			if word != 0 || over.n > 0 {
				out[n] = cell{uint32(scores*dataset.NumLabels + label), over.n + int64(word>>amountBits), over.amount + int64(word&amountMask)}
				n++
			}
		}
	}
}

// spilled returns what the second grid holds of a slot.
func (w *wideGrid) spilled(slot int) tally {
	if page := w.over[slot>>overBits]; page != nil {
		return page[slot%len(page)]
	}
	return tally{}
}
