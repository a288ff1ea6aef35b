package calibrate

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// macMahon counts the plane partitions in a box: the product of (i+j+k-1)/(i+j+k-2) (MacMahon 1896).
func macMahon(a, b, c int64) int64 {
	num, den := int64(1), int64(1)
	for i := int64(1); i <= a; i++ {
		for j := int64(1); j <= b; j++ {
			// The product over k telescopes.
			num, den = num*(i+j+c-1), den*(i+j-1)
			for d := int64(2); d <= 97; d++ {
				for num%d == 0 && den%d == 0 {
					num, den = num/d, den/d
				}
			}
		}
	}
	return num / den
}

func TestMatricesAreMacMahons(t *testing.T) {
	for actions, want := range map[int]int64{2: 252, 3: 19404, 4: 731808} {
		if testing.Short() && actions == 4 {
			continue
		}
		if got := macMahon(5, 5, int64(actions-1)); got != want {
			t.Errorf("MacMahon's formula gives %d for %d actions, want %d", got, actions, want)
		}
		var c ClusterCounts
		matrices, err := c.Matrices(MatrixFamily{Actions: dataset.Actions[5-actions:]})
		if err != nil {
			t.Fatal(err)
		}
		var n int64
		var last Matrix
		for m := range matrices {
			if n++; n > 1 && !lexical(last, m) || !monotone(m) {
				t.Fatalf("matrix %d is %v, after %v", n, m, last)
			}
			last = m
		}
		if n != want {
			t.Errorf("%d matrices of %d actions, want %d", n, actions, want)
		}
	}
}

// TestSharedCounts are the numbers of monotone matrices of statistics.json: of 5 x 5 for each number of actions, and of small
// ones named rows x columns x actions.
func TestSharedCounts(t *testing.T) {
	var ref struct {
		Counts struct {
			Five  map[string]int64 `json:"monotone_matrix_5x5"`
			Small map[string]int64
			Rows  struct{ K3, K4 int64 } `json:"seed_shape_3free_rows"`
		}
	}
	shared(t, &ref)
	if len(ref.Counts.Five) < 4 || len(ref.Counts.Small) < 5 {
		t.Fatalf("%d and %d counts to compare with", len(ref.Counts.Five), len(ref.Counts.Small))
	}
	check := func(name string, rows, columns, actions, want int64) {
		if got := macMahon(rows, columns, actions-1); got != want {
			t.Errorf("%s: %d matrices, want %d", name, got, want)
		}
	}
	for name, want := range ref.Counts.Small {
		var size [3]int64
		if n, err := fmt.Sscanf(name, "%dx%dx%d", &size[0], &size[1], &size[2]); n != 3 {
			t.Fatalf("%s: %v", name, err)
		}
		check(name, size[0], size[1], size[2], want)
	}
	for name, want := range ref.Counts.Five {
		actions, err := strconv.ParseInt(name, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		check(name, 5, 5, actions, want)
	}
	check("three rows, three actions", 3, 5, 3, ref.Counts.Rows.K3)
	check("three rows, four actions", 3, 5, 4, ref.Counts.Rows.K4)
}

// lexical reports that a comes before b: stricter at the first cell that differs. Each is then there once.
func lexical(a, b Matrix) bool {
	for i := range a {
		if d := slices.Compare(a[i][:], b[i][:]); d != 0 {
			return d > 0
		}
	}
	return false
}

func monotone(m Matrix) bool {
	for i := 1; i < len(m); i++ {
		for j := 1; j < len(m); j++ {
			if i > 1 && m[i][j] > m[i-1][j] || j > 1 && m[i][j] > m[i][j-1] {
				return false
			}
		}
	}
	return true
}

func drawClusters(t *rapid.T) (c ClusterCounts) {
	if rapid.Bool().Draw(t, "even") {
		for i := range c {
			for j := range c[i] {
				c[i][j].Records[rapid.SampledFrom([]int{1, 1, 2}).Draw(t, "label")] = rapid.SampledFrom([]int64{0, 1, 1, 1}).Draw(t, "n")
			}
		}
		return c
	}
	for i := range c {
		for j := range c[i] {
			for l := range c[i][j].Records {
				c[i][j].Records[l] = max(0, rapid.Int64Range(-3, 4).Draw(t, "n"))
				c[i][j].Amount[l] = c[i][j].Records[l] * 2
			}
		}
	}
	return c
}

// countsOf adds a matrix up cell by cell.
func countsOf(c *ClusterCounts, m *Matrix) (out replay.Counts) {
	for i := range c {
		for j := range c[i] {
			a := &out.Actions[m[i][j]]
			*a = a.Add(c[i][j])
		}
	}
	out.Calls = [2]int64{c.Total().N(), c.Total().N()}
	return out
}

// allMatrices is the slow twin of the enumeration: 5 x 5 heights for each level, then what is nested.
func allMatrices(f MatrixFamily) (out []Matrix) {
	levels := slices.Sorted(slices.Values(f.Actions)) // least friction first
	var regions [][6]int                              // heights by first cluster, never rising
	var grow func(h [6]int, row, most int)
	grow = func(h [6]int, row, most int) {
		if row == 6 {
			regions = append(regions, h)
			return
		}
		for x := 1; x <= most; x++ {
			h[row] = x
			grow(h, row+1, x)
		}
	}
	grow([6]int{}, 1, 6)
	var m Matrix
	for i := range m {
		for j := range m {
			m[i][j] = f.Missing
			if i > 0 && j > 0 {
				m[i][j] = levels[len(levels)-1]
			}
		}
	}
	var fill func(m Matrix, level int, outer [6]int)
	fill = func(m Matrix, level int, outer [6]int) {
		if level < 0 {
			out = append(out, m)
			return
		}
	next:
		for _, h := range regions {
			inner := m
			for i := 1; i < 6; i++ {
				if h[i] < outer[i] {
					continue next
				}
				for j := h[i]; j < 6; j++ {
					inner[i][j] = levels[level]
				}
			}
			fill(inner, level-1, h)
		}
	}
	fill(m, len(levels)-2, [6]int{})
	return out
}

func TestBestMatrix(t *testing.T) {
	families := [][]dataset.Action{{dataset.Approve, dataset.Block}, {dataset.Review, dataset.Approve}, {dataset.Block, dataset.Approve, dataset.StepUp}}
	rapid.Check(t, func(t *rapid.T) {
		c := drawClusters(t)
		f := MatrixFamily{Actions: rapid.SampledFrom(families).Draw(t, "actions"), Missing: rapid.SampledFrom([]dataset.Action{0, dataset.Review}).Draw(t, "missing")}
		if testing.Short() {
			f.Actions = families[0]
		}
		p := Problem{Maximize: drawForm(t)}
		if rapid.Bool().Draw(t, "limited") {
			p.Limits = []Limit{{"ratio", drawForm(t), drawForm(t), rapid.Int64Range(-3, 3).Draw(t, "num"), rapid.Int64Range(1, 3).Draw(t, "den")}}
		}
		var want MatrixOutcome
		var best rank
		for _, m := range allMatrices(f) {
			counts := countsOf(&c, &m)
			want.Tried++
			if p.Limits != nil {
				l := p.Limits[0]
				if a, b := l.Numerator.Of(counts), l.Denominator.Of(counts); b <= 0 || a*l.Den > l.Num*b {
					continue
				}
			}
			want.Feasible++
			v, r := p.Maximize.Of(counts), slowRank(f, &c, m)
			if want.Feasible > 1 && v == want.Value {
				want.Tied++
			}
			if want.Feasible == 1 || v > want.Value {
				want.Tied = 1
			} else if v < want.Value || best.before(r) || best == r && lexical(want.Matrix, m) {
				continue
			}
			want.Value, want.Counts, want.Matrix, want.Steps, best = v, counts, m, r.steps, r
		}
		got, err := c.BestMatrix(p, f)
		if err != nil || (got.Infeasible == "") != (want.Feasible > 0) {
			t.Fatalf("got %+v, %v, want %+v", got, err, want)
		}
		if got.Infeasible = ""; got != want {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

// slowRank takes each region of a matrix for itself.
func slowRank(f MatrixFamily, c *ClusterCounts, m Matrix) (r rank) {
	for _, a := range f.Actions {
		if a == slices.Max(f.Actions) {
			continue
		}
		last := 6
		for i := 1; i < 6; i++ {
			h := 1
			for ; h < 6 && m[i][h] > a; h++ {
			}
			for j := h; j < 6; j++ {
				r.records += c[i][j].N()
				r.cells++
			}
			if h != last {
				r.steps++
			}
			last = h
		}
	}
	return r
}

func TestClustersCountLikeCells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, cells := drawGrid(t, 8)
		bands := []replay.Bands{replay.Quintile, {Edges: [4]int{1, 200, 500, 1000}}}
		s, o := rapid.SampledFrom(bands).Draw(t, "session"), rapid.SampledFrom(bands).Draw(t, "onboarding")
		var want ClusterCounts
		of := func(b replay.Bands, score int) dataset.Cluster {
			if score == NoScore {
				return dataset.NoCluster
			}
			return b.Of(score)
		}
		for _, c := range cells {
			w := &want[of(s, c.Session)][of(o, c.Onboarding)]
			w.Records[c.Label] += c.N
			w.Amount[c.Label] += c.Amount
		}
		if got, err := g.Clusters(s, o); err != nil || *got != want {
			t.Fatalf("%+v, %v, want %+v", got, err, want)
		}
	})
}

func TestMatrixUsage(t *testing.T) {
	var c ClusterCounts
	for _, f := range []MatrixFamily{
		{}, {Actions: []dataset.Action{dataset.Block}}, {Actions: []dataset.Action{dataset.Block, dataset.Block}},
		{Actions: []dataset.Action{dataset.Block, dataset.NoAction}}, {Actions: dataset.Actions[:2], Missing: dataset.NumActions},
	} {
		if _, err := c.BestMatrix(Problem{}, f); err == nil {
			t.Errorf("%+v is accepted", f)
		}
	}
	// A consumer that stops early ends the walk.
	matrices, err := c.Matrices(MatrixFamily{Actions: dataset.Actions})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range matrices {
		if n++; n == 10 {
			break
		}
	}
	if n != 10 {
		t.Errorf("%d matrices of 10", n)
	}
	if _, err := mustGrid(t, nil).Clusters(replay.Recorded, replay.Standard); err == nil {
		t.Error("recorded clusters of a grid are accepted")
	}
}

func BenchmarkBestMatrix(b *testing.B) {
	g := mustGrid(b, fullCells(1001))
	c, err := g.Clusters(replay.Standard, replay.Standard)
	if err != nil {
		b.Fatal(err)
	}
	var tried int64
	for b.Loop() {
		out, err := c.BestMatrix(Problem{Maximize: Approvals(), Limits: []Limit{FraudRateAtMost(1, 100)}},
			MatrixFamily{Actions: []dataset.Action{dataset.Approve, dataset.StepUp, dataset.Review, dataset.Block}})
		if err != nil || out.Infeasible != "" {
			b.Fatal(out.Infeasible, err)
		}
		tried += out.Tried
	}
	b.ReportMetric(float64(tried)/float64(b.N), "matrices/op")
	b.ReportMetric(float64(tried)/b.Elapsed().Seconds(), "matrices/s")
}
