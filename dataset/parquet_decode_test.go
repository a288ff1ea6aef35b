package dataset

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSpread compares spread, for values of each size, with moving one value after another.
func TestSpread(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	for range 3000 {
		present := make([]uint8, 1+rng.IntN(60))
		n, share := 0, rng.Float64()
		for i := range present {
			if share > 0.7 || rng.Float64() < share { // long runs without a null, too
				present[i] = uint8(min(1, rng.IntN(20)))
			}
			n += int(present[i])
		}
		checkSpread(t, present, n, uint8(7), func() uint8 { return uint8(rng.Uint32()) })
		checkSpread(t, present, n, State(7), func() State { return State(rng.Uint32()) })
		checkSpread(t, present, n, uint32(7), rng.Uint32)
		checkSpread(t, present, n, int64(NoTime), rng.Int64)
		checkSpread(t, present, n, -1.5, rng.NormFloat64)
	}
}

func checkSpread[T comparable](t *testing.T, present []uint8, n int, none T, draw func() T) {
	t.Helper()
	s := make([]T, len(present))
	for i := range s {
		s[i] = draw()
	}
	want, next := make([]T, len(s)), 0
	for i, p := range present {
		if want[i] = none; p == 1 {
			want[i] = s[next]
			next++
		}
	}
	if spread(s, n, present, none); !slices.Equal(s, want) {
		t.Fatalf("present %v: got %v, want %v", present, s, want)
	}
}

// TestRepeatedRunTooWide reads a repeated run whose value has more bits than the column's.
func TestRepeatedRunTooWide(t *testing.T) {
	for _, test := range []struct {
		width uint
		value byte
		want  error
	}{{1, 1, nil}, {1, 2, errBits}, {1, 255, errBits}, {7, 127, nil}, {7, 128, errBits}, {8, 255, nil}} {
		h := newHybrid([]byte{10 << 1, test.value}, test.width)
		if err := readRuns(&h, make([]uint8, 10)); err != test.want {
			t.Errorf("value %d of %d bits: %v, want %v", test.value, test.width, err, test.want)
		}
	}
}
