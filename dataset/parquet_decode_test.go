package dataset

import (
	"encoding/binary"
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

// TestReadBits compares readBits, in pieces, with readRuns: runs of any length, some empty, cut off or with a value of two bits.
func TestReadBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	for range 5000 {
		var buf []byte
		for range rng.IntN(20) {
			n := rng.IntN(12)
			if rng.IntN(10) == 0 {
				n = rng.IntN(500)
			}
			if rng.IntN(2) == 0 {
				buf = append(binary.AppendUvarint(buf, uint64(n)<<1), byte(rng.IntN(2)))
				if rng.IntN(60) == 0 {
					buf[len(buf)-1] = 2
				}
				continue
			}
			buf = binary.AppendUvarint(buf, uint64(n)<<1|1)
			for range n {
				buf = append(buf, byte(rng.IntN(256)))
			}
		}
		buf = buf[:rng.IntN(len(buf)+1)]
		fast, slow := newHybrid(buf, 1), newHybrid(buf, 1)
		for {
			n := 1 + rng.IntN(200)
			got, want := make([]uint8, n+rng.IntN(9)), make([]uint8, n)
			set, err := readBits(&fast, got[:n])
			wantErr := readRuns(&slow, want)
			if err != wantErr {
				t.Fatalf("%x: error %v, want %v", buf, err, wantErr)
			}
			if err != nil {
				break
			}
			ones := 0
			for _, v := range want {
				ones += int(v)
			}
			if !slices.Equal(got[:n], want) || set != ones {
				t.Fatalf("%x: got %v with %d set, want %v with %d", buf, got[:n], set, want, ones)
			}
		}
	}
}

// TestSpreadBits compares spreadBits with unpackBits and spread.
func TestSpreadBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	for range 5000 {
		present := make([]uint8, rng.IntN(80))
		vals, share := 0, rng.IntN(10)
		for i := range present {
			if rng.IntN(10) >= share {
				present[i] = 1
				vals++
			}
		}
		bit, no := rng.IntN(20), uint8(rng.IntN(3))
		src := make([]byte, (bit+vals+7)/8) // not a byte more than the values take
		for i := range src {
			src[i] = byte(rng.IntN(256))
		}
		want := make([]uint8, len(present))
		unpackBits(want[:vals], src, bit)
		for i := range want[:vals] {
			want[i] += no
		}
		spread(want, vals, present, 0)
		got := make([]uint8, len(present))
		if vals == len(present) && rng.IntN(2) == 0 {
			present = nil
		}
		if spreadBits(got, present, src, bit, no); !slices.Equal(got, want) {
			t.Fatalf("present %v, bits %x from %d: got %v, want %v", present, src, bit, got, want)
		}
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
