package calibrate

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/trustreplay/trustreplay/replay"
)

// Digest identifies the records of a window by what a score-based policy can know of them: how many, and of what amount, share
// both scores or the lack of them, and the label. It depends neither on files, formats and order nor on rules and bands.
func (w *Window) Digest(p *replay.Policy) (string, error) {
	return w.digest(p, func(pile replay.Pile) uint64 { return scoresKey(pile)<<8 | uint64(pile.Label) })
}

// scoresKey tells apart what two products said.
func scoresKey(pile replay.Pile) uint64 {
	return uint64(pile.First.State)<<24 | uint64(pile.Second.State)
}

// digest hashes how many records, of what amount, share a key.
func (w *Window) digest(p *replay.Policy, keyOf func(replay.Pile) uint64) (string, error) {
	piles, err := w.cube.Piles(p)
	if err != nil {
		return "", err
	}
	type entry struct {
		key     uint64
		n, paid int64
	}
	var list []entry
	for pile := range piles {
		list = append(list, entry{keyOf(pile), pile.Records, pile.Amount})
	}
	slices.SortFunc(list, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %s %s to %s\n", p.First, p.Second, w.From, w.To)
	var line [24]byte
	for i := 0; i < len(list); {
		at := list[i]
		for i++; i < len(list) && list[i].key == at.key; i++ {
			at.n, at.paid = at.n+list[i].n, at.paid+list[i].paid
		}
		binary.BigEndian.PutUint64(line[:], at.key)
		binary.BigEndian.PutUint64(line[8:], uint64(at.n))
		binary.BigEndian.PutUint64(line[16:], uint64(at.paid))
		sum.Write(line[:])
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
