package dataset

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/zeebo/xxh3"
)

// Labels are outcomes by id, read from files of their own. Any number of goroutines and scans may join them.
type Labels struct {
	// Key is the field that the labels are keyed by: customer_id, session_id or resolution_id.
	Key string

	index   map[xxh3.Uint128]uint32 // of an id's hash: its number
	labels  []Label                 // by number; conflicting where the files disagree
	times   []int64                 // of the label, NoTime where unknown
	matched []atomic.Bool
}

// conflicting is the label of an id that the label files give both labels to.
const conflicting = Label(NumLabels)

// LoadLabels reads labels from files of any format that Open reads, with a column of ids and one of labels, such as the
// vendor's training set: customer_id,label with ok and ko. key names the id column; "" takes the first of IDs that the
// files have. A label that is empty is no statement. The account is of the label files; an id with two different labels is
// not an issue there but of every record that it is joined to.
func LoadLabels(ctx context.Context, names []string, stdin io.Reader, m Mapping, key string) (*Labels, Account, error) {
	keys := IDs
	if key != "" {
		if keys = []string{key}; !slices.Contains(IDs, key) {
			return nil, Account{}, fmt.Errorf("labels by %q: want one of %s", key, strings.Join(IDs, ", "))
		}
	}
	fields := []Field{{LabelField, KindLabel}, {LabelTime, KindTime}}
	for _, k := range keys {
		fields = append(fields, Field{k, KindText})
	}
	s, err := Open(ctx, names, stdin, Options{Fields: fields, Mapping: m})
	if err != nil {
		return nil, Account{}, err
	}
	defer s.Close()
	byKey, err := collectLabels(ctx, s, keys)
	if err != nil {
		return nil, Account{}, err
	}
	account, err := s.Account()
	if err != nil {
		return nil, account, err
	}
	if !slices.ContainsFunc(account.Files, func(f FileInfo) bool { return f.Columns[0].Path != nil }) {
		return nil, account, fmt.Errorf("%s: no value in any column %s: name the column so, or map it", strings.Join(names, ", "), LabelField)
	}
	for _, l := range byKey {
		if len(l.labels) > 0 {
			l.matched = make([]atomic.Bool, len(l.labels))
			return l, account, nil
		}
	}
	return nil, account, fmt.Errorf("%s: no labels by %s", strings.Join(names, ", "), strings.Join(keys, ", "))
}

// collectLabels reads every row; it is one goroutine's work, because the last of several times wins by position.
func collectLabels(ctx context.Context, s *Scan, keys []string) ([]*Labels, error) {
	var out []*Labels
	for _, k := range keys {
		out = append(out, &Labels{Key: k, index: map[xxh3.Uint128]uint32{}})
	}
	var b Batch
	for {
		err := s.Next(ctx, &b)
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		for k, l := range out {
			ids := &b.Cols[2+k]
			for i, n := range ids.Idx {
				if n != 0 && !b.Rejected(i) {
					l.add(ids.Dict[n], Label(b.Cols[0].U8[i]), b.Cols[1].I64[i])
				}
			}
		}
	}
}

// add notes one row. Unlabeled rows never override; two different labels conflict, whatever follows.
func (l *Labels) add(id string, label Label, time int64) {
	hash := xxh3.HashString128(id)
	n, found := l.index[hash]
	if !found {
		l.index[hash] = uint32(len(l.labels))
		l.labels, l.times = append(l.labels, label), append(l.times, time)
		return
	}
	switch was := l.labels[n]; {
	case label == Unlabeled:
		return
	case was == Unlabeled:
		l.labels[n] = label
	case was != label:
		l.labels[n] = conflicting
	}
	l.times[n] = max(l.times[n], time)
}

// Len returns the number of distinct ids.
func (l *Labels) Len() int { return len(l.labels) }

// Conflicts returns the number of ids that the label files give both labels to.
func (l *Labels) Conflicts() int {
	n := 0
	for _, label := range l.labels {
		if label == conflicting {
			n++
		}
	}
	return n
}

// Unmatched returns the number of ids that no record had. It is meant for the end of the scans that the labels were
// joined in.
func (l *Labels) Unmatched() int {
	n := 0
	for i := range l.matched {
		if !l.matched[i].Load() {
			n++
		}
	}
	return n
}

// join fills the labels of a batch. A label in the record itself that differs is a conflict: either may be wrong.
func (l *Labels) join(b *Batch, fields []Field) {
	ids := &b.Cols[slices.Index(fields, Field{l.Key, KindText})]
	labels := b.Cols[slices.Index(fields, Field{LabelField, KindLabel})].U8
	var times []int64
	if i := slices.Index(fields, Field{LabelTime, KindTime}); i >= 0 {
		times = b.Cols[i].I64
	}
	for i, n := range ids.Idx {
		if n == 0 || b.Rejected(i) {
			continue
		}
		at, found := l.index[xxh3.HashString128(ids.Dict[n])]
		if !found {
			continue
		}
		if !l.matched[at].Load() { // most stores would only move the cache line between cores
			l.matched[at].Store(true)
		}
		joined, inline := l.labels[at], Label(labels[i])
		switch {
		case joined == conflicting || joined != Unlabeled && inline != Unlabeled && inline != joined:
			b.reject(i, ConflictingLabel, LabelField, "")
			continue
		case joined != Unlabeled:
			labels[i] = uint8(joined)
		}
		if times != nil && times[i] == NoTime {
			times[i] = l.times[at]
		}
	}
}
