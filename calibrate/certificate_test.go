package calibrate

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// certified returns a calibration of a made-up history that recommends something, with its certificate.
func certifiedHistory(t testing.TB) (*Calibration, *Certificate, *replay.Cube, []testRecord) {
	champion := honestChampion()
	records := populations()[0].history(3000, rand.New(rand.NewPCG(11, 1)))
	cube := cubeOf(t, byMonth(champion), records)
	g := fraudGoals(t, "fraud_rate <= 1%", "review_per_day <= 500")
	g.Ranges[0] = Range{1, 990}
	c, err := Calibrate(cube, champion, g)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := c.Certificate()
	if err != nil || cert == nil {
		t.Fatalf("%v, %v", cert, err)
	}
	return c, cert, cube, records
}

func marshal(t testing.TB, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// recomputed reads a certificate back, recomputes it from a cube, and returns the goals that it was read with.
func recomputed(t *testing.T, cert *Certificate, cube *replay.Cube) Goals {
	t.Helper()
	read, champion, goals, err := ParseCertificate("c.json", marshal(t, cert))
	if err != nil {
		t.Fatal(err)
	}
	again, err := Calibrate(cube, champion, goals)
	if err != nil {
		t.Fatal(err)
	}
	found, err := again.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	if differ, err := read.Against(found); err != nil || differ != nil {
		t.Errorf("%v, %v", differ, err)
	}
	return goals
}

// TestCertificateReadsBack recomputes a certificate from nothing but its text and the records.
func TestCertificateReadsBack(t *testing.T) {
	c, cert, cube, _ := certifiedHistory(t)
	cert.Tool, cert.Inputs, cert.Use = "trustreplay 9", []InputID{{"h.parquet", "00", 1}}, 1
	read, champion, goals, err := ParseCertificate("c.json", marshal(t, cert))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(cert, read, cmp.Comparer(func(a, b Number) bool { return a == b || !a.Defined() && !b.Defined() })); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	if champion.Hash() != c.Champion.Hash() {
		t.Errorf("another champion:\n%s", champion.YAML())
	}
	if diff := cmp.Diff(c.Goals, goals, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-goals +read):\n%s", diff)
	}
	again, err := Calibrate(cube, champion, goals)
	if err != nil {
		t.Fatal(err)
	}
	recomputed, err := again.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	if differ, err := read.Against(recomputed); err != nil || differ != nil {
		t.Errorf("%v, %v", differ, err)
	}
	if differ, _ := read.Against(nil); len(differ) != 1 {
		t.Errorf("nothing recomputed: %v", differ)
	}
}

// TestCertificateTampered changes every number and text of a certificate in turn: each is found, save what is about the files
// and the ledger.
func TestCertificateTampered(t *testing.T) {
	_, cert, _, _ := certifiedHistory(t)
	cert.Tool, cert.Inputs, cert.Use = "trustreplay 9", []InputID{{"h.parquet", "00", 1}}, 1
	free := []string{"tool", "inputs", "use"}
	var tree map[string]any
	if err := json.Unmarshal(marshal(t, cert), &tree); err != nil {
		t.Fatal(err)
	}
	changed := 0
	var walk func(path string, v any, set func(any))
	walk = func(path string, v any, set func(any)) {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				walk(path+"."+k, x, func(y any) { v[k] = y })
			}
			return
		case []any:
			for i, x := range v {
				walk(path, x, func(y any) { v[i] = y })
			}
			return
		case float64:
			set(v + 1)
		case string:
			set(v + "0")
		case bool:
			set(!v)
		case nil:
			return
		}
		defer set(v)
		changed++
		var other Certificate
		if err := json.Unmarshal(marshal(t, tree), &other); err != nil {
			return // an integer that is none any more
		}
		differ, err := other.Against(cert)
		if err != nil {
			t.Fatal(err)
		}
		top, _, _ := strings.Cut(path[1:], ".")
		if found := len(differ) > 0; found == slices.Contains(free, top) {
			t.Errorf("%s changed: %v", path, differ)
		}
	}
	walk("", tree, nil)
	if changed < 30 {
		t.Fatalf("%d values changed", changed)
	}
}

func TestParseCertificateRefuses(t *testing.T) {
	_, cert, _, _ := certifiedHistory(t)
	for name, change := range map[string]func(*Certificate){
		"schema_version 3":     func(c *Certificate) { c.SchemaVersion = 3 },
		"champion of c.json":   func(c *Certificate) { c.ChampionYAML = "policy: 1" },
		"limit":                func(c *Certificate) { c.Goals.Limits = []string{"fraud_rate < 1%"} },
		"otherwise":            func(c *Certificate) { c.Goals.Otherwise = "shrug" },
		"bands of product 2":   func(c *Certificate) { c.Goals.Bands = []BandsID{{2, "standard"}} },
		"four rising edges":    func(c *Certificate) { c.Goals.Bands = []BandsID{{0, "1,1,1,1"}} },
		"economics of the cer": func(c *Certificate) { c.Goals.Economics = "economics: 7" },
	} {
		bad := *cert
		change(&bad)
		if _, _, _, err := ParseCertificate("c.json", marshal(t, bad)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error about %s, got %v", name, err)
		}
	}
	for _, text := range []string{string(marshal(t, cert)) + "{}", "", "null", "[]", `{"claims":1}`, strings.Repeat("[", 1<<16)} {
		if _, _, _, err := ParseCertificate("c.json", []byte(text)); err == nil {
			t.Errorf("%.20q is a certificate", text)
		}
	}
}

func FuzzParseCertificate(f *testing.F) {
	_, cert, _, _ := certifiedHistory(f)
	f.Add(marshal(f, cert))
	f.Add([]byte(`{"schema_version":1,"champion_yaml":"policy: 1","goals":{"limits":["a"]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, champion, goals, err := ParseCertificate("c.json", text)
		if err == nil && (c == nil || champion == nil || goals.check() != nil && goals.check().Error() == "") {
			t.Fatalf("read as %v, %v, %v", c, champion, goals)
		}
	})
}

// TestDigest depends on records alone: not on their order, nor on rules, bands and clusters; and on each of them.
func TestDigest(t *testing.T) {
	champion := honestChampion()
	records := populations()[0].history(300, rand.New(rand.NewPCG(2, 9)))
	digest := func(p *replay.Policy, records []testRecord) string {
		cube := cubeOf(t, byMonth(p), records)
		list, _, err := periodsOf(cube, p)
		if err != nil {
			t.Fatal(err)
		}
		w, err := windowOf("w", cube, list)
		if err != nil {
			t.Fatal(err)
		}
		sum, err := w.Digest(p)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	want := digest(champion, records)
	shuffled := slices.Clone(records)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(shuffled), reflect.Swapper(shuffled))
	other := *champion
	other.FirstBands = replay.Recorded
	other.Rules = []replay.Rule{{Name: "agent", When: mustCompile(t, "session.has_ai_agent"), Then: dataset.Block}}
	for i := range shuffled {
		shuffled[i].agent = i%3 == 0
		shuffled[i].session.Cluster = dataset.Cluster(i % 6)
	}
	if got := digest(&other, shuffled); got != want {
		t.Error("order, rules, bands or clusters change the digest")
	}
	for name, change := range map[string]func(r *testRecord){
		"label":  func(r *testRecord) { r.label = (r.label + 1) % dataset.NumLabels },
		"score":  func(r *testRecord) { r.session = withScore(3) },
		"amount": func(r *testRecord) { r.amount++ },
		"status": func(r *testRecord) { r.onboarding = silent(unanswered) },
		"time":   func(r *testRecord) { r.time = dataset.MonthStart(2030 * 12) },
	} {
		changed := slices.Clone(records)
		change(&changed[17])
		if digest(champion, changed) == want {
			t.Errorf("another %s keeps the digest", name)
		}
	}
	if digest(champion, records[1:]) == want {
		t.Error("a record less keeps the digest")
	}
}

func TestLedger(t *testing.T) {
	use := func(run string, periods ...string) LedgerUse { return LedgerUse{Run: run, Periods: periods} }
	l := &Ledger{Version: LedgerVersion}
	for i, step := range []struct {
		use  LedgerUse
		want int
	}{
		{use("a", "1", "2"), 1},
		{use("a", "1", "2"), 1}, // the same again spends nothing
		{use("b", "3"), 1},
		{use("c", "2", "4"), 2}, // month 2 was looked at by a
		{use("d", "4", "3"), 3}, // by b and by c
		{use("c", "2", "4"), 2},
		{use("e", "5"), 1},
	} {
		if got := l.Enter(step.use); got != step.want {
			t.Errorf("step %d: use %d, want %d", i, got, step.want)
		}
	}
	if len(l.Uses) != 5 {
		t.Errorf("%d uses are remembered, want 5", len(l.Uses))
	}
	read, err := ParseLedger("l.json", marshal(t, l))
	if err != nil || cmp.Diff(l, read) != "" {
		t.Errorf("%v, %s", err, cmp.Diff(l, read))
	}
	if empty, err := ParseLedger("l.json", []byte("\n")); err != nil || len(empty.Uses) != 0 {
		t.Error(err)
	}
	for _, text := range []string{"x", `{"ledger":2}`, `{"leger":1}`, "[1]"} {
		if _, err := ParseLedger("l.json", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), "l.json: ") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func useOf(t testing.TB, c *Calibration, cube *replay.Cube) LedgerUse {
	u, err := c.Use(cube)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestDistinctKeys: what has two readings is refused, wherever it is.
func TestDistinctKeys(t *testing.T) {
	for text, want := range map[string]bool{
		`{"a":1,"b":{"a":[{"a":1},{"a":2}]},"c":"a"}`: true, `[]`: true, `"a"`: true, `{`: true, // the last is told by the decoder
		`{"a":1,"a":1}`: false, `{"a":1,"A":1}`: false, `{"x":[1,{"b":{},"c":[],"b":2}]}`: false, strings.Repeat("[", 21): false, strings.Repeat("[", 20): true,
	} {
		if err := distinctKeys([]byte(text)); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestClaimOfSmallDelta: no confidence is rounded to 100 %.
func TestClaimOfSmallDelta(t *testing.T) {
	for delta, want := range map[float64]string{0.05: "With 95 % ", 0.1: "With 90 % ", 0.0333: "With 96.67 % ", MinDelta: "With 99.9999 % ", 1.5e-6: "With 99.99985 % "} {
		if got := claim(nil, &Certificate{Delta: delta}, nil); !strings.HasPrefix(got, want) {
			t.Errorf("delta %v: %s, want %s", delta, got, want)
		}
	}
}

// TestUse: the same question of the same records is one run; another limit, or other records, is another.
func TestUse(t *testing.T) {
	c, cert, cube, records := certifiedHistory(t)
	first, err := c.Use(cube)
	if err != nil || len(first.Periods) != 1 {
		t.Fatalf("%v, %v", first, err)
	}
	again, err := c.Use(cubeOf(t, byMonth(c.Champion), records))
	if err != nil || cmp.Diff(first, again) != "" {
		t.Errorf("%v, %s", err, cmp.Diff(first, again))
	}
	relabeled := slices.Clone(records)
	for i := range relabeled {
		if i%50 == 0 {
			relabeled[i].label = dataset.Unlabeled
		}
	}
	later, err := c.Use(cubeOf(t, byMonth(c.Champion), relabeled))
	if err != nil || later.Run == first.Run || !slices.Equal(later.Periods, first.Periods) {
		t.Errorf("other labels of the same records: %v, %v", later, err)
	}
	looser := *c
	looser.Goals.Limits = []replay.Limit{mustLimit(t, "fraud_rate <= 2%")}
	other, err := looser.Use(cube)
	if err != nil || other.Run == first.Run || !slices.Equal(other.Periods, first.Periods) {
		t.Errorf("%v, %v", other, err)
	}
	// Other products, or another reading of records that lack one: the same records all the same.
	champion, alone := *c.Champion, *c
	champion.Second = ""
	alone.Champion = &champion
	one := useOf(t, &alone, cubeOf(t, byMonth(&champion), records))
	if slices.Equal(one.Periods, first.Periods) || !first.touches(one) || !one.touches(first) {
		t.Errorf("%v does not touch %v", one, first)
	}
	if fresh := useOf(t, c, cubeOf(t, byMonth(c.Champion), populations()[0].history(3000, rand.New(rand.NewPCG(12, 1))))); first.touches(fresh) {
		t.Error("other records of the same month count as used")
	}
	for use, want := range map[int]bool{0: false, 1: false, 2: true} {
		cert := *cert
		cert.Withdraw(use)
		if (cert.Withdrawn != "") != want {
			t.Errorf("use %d: %q", use, cert.Withdrawn)
		}
	}
}
