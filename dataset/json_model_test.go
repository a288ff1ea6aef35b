package dataset

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// walks reports whether the fast walk takes a line.
func (w *twin) walks(line string) bool { return w.walksBefore(line, "\n"+line) }

// walksBefore is walks where the buffer has something else behind the line.
func (w *twin) walksBefore(line, behind string) bool {
	buf := append([]byte(line+behind), make([]byte, padding)...)
	w.r.next()
	return w.r.walk(buf[:len(line)+padding], len(line))
}

// genAlike makes lines that repeat each other in most places, as those of a history do.
func genAlike() *rapid.Generator[string] {
	values := []string{`"false"`, `"false"`, `"false"`, `"true"`, `false`, `1`, `12`, `123`, `"12"`, `"a\"b"`, `""`, `{"score":1}`, `{"a":[1]}`, `[]`, `null`}
	keys := []string{"a", "ab", "has_x", "score", "has_y", "status", "has_z", "score_cluster", "x", "domain", "xy", "error"}
	object := func(t *rapid.T, name string) string {
		colon := rapid.SampledFrom([]string{":", ":", ":", ": "}).Draw(t, name+" colon")
		var parts []string
		for _, key := range keys {
			if rapid.IntRange(0, 9).Draw(t, name+key) > 0 {
				parts = append(parts, fmt.Sprintf("%q%s%s", key, colon, rapid.SampledFrom(values).Draw(t, name+key+" value")))
			}
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	return rapid.Custom(func(t *rapid.T) string {
		return `{"customer_id":"c` + rapid.StringMatching(`[0-9]{0,9}`).Draw(t, "id") + `","amount":1,"session":` + object(t, "session") +
			`,"x":` + object(t, "x") + `,"onboarding":{"score":` + object(t, "score") + `,"phone":{"a":1}}}`
	})
}

// damaged changes a few bytes of a line, or none.
func damaged(t *rapid.T, line string) string {
	for range rapid.IntRange(0, 2).Draw(t, "damages") {
		at := rapid.IntRange(0, len(line)-1).Draw(t, "at")
		line = line[:at] + rapid.SampledFrom([]string{"", `"`, "\\", "{", "}", "[", "]", ",", ":", " ", "0"}).Draw(t, "by") + line[at+1:]
	}
	return line
}

// TestModelsChangeNothing compares a reader that has models of many earlier lines with one that has none. The lines before
// take turns, so that some values differ from the model again and again, and then lie about the next.
func TestModelsChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old := newTwin(allFields, Mapping{})
		alike := genAlike()
		for range 6 {
			lines := rapid.SliceOfN(alike, 1, 3).Draw(t, "lines")
			for k := range rapid.IntRange(1, 2*modelWait).Draw(t, "times") {
				old.walks(lines[k%len(lines)])
			}
			if rapid.Bool().Draw(t, "vary") {
				old.r.root.vary()
				old.walks(lines[0])
			}
			line := damaged(t, alike.Draw(t, "next"))
			if got, want := old.walks(line), newTwin(allFields, Mapping{}).walks(line); got != want {
				t.Fatalf("%s\nwith models %v, without %v", line, got, want)
			}
			if got, want := old.read(line, false), newTwin(allFields, Mapping{}).read(line, false); got != want {
				t.Fatalf("%s\nwith models    %s\nwithout models %s", line, got, want)
			}
			old.check(t, line)
		}
	})
}

// TestCutLineBeforeStaleBytes cuts a line at every byte where the buffer still holds the rest of it, or of another that was
// read before. No prediction may go on there.
func TestCutLineBeforeStaleBytes(t *testing.T) {
	w := newTwin(allFields, Mapping{})
	lines := []string{
		`{"customer_id":"c1","amount":1,"session":{"a":"same for many more bytes than the padding has","score":5,"b":"one","c":12,"d":{"x":"y"},"e":"end"},"x":{"y":"z"}}`,
		`{"customer_id":"c22","amount":22,"session":{"a":"same for many more bytes than the padding has","score":55,"b":"seventeen letters","c":1,"d":{},"e":"at end"},"x":{"y":"zz"}}`,
	}
	for k := range 4 * modelWait {
		if !w.walks(lines[k%2]) {
			t.Fatalf("%s was not walked", lines[k%2])
		}
	}
	spaced := strings.NewReplacer(",", " ,\t", ":", " : ", "}", " }").Replace(lines[0])
	for range 2 * modelWait { // its keys become the ones that are expected
		w.walks(spaced)
	}
	for _, line := range append(lines, spaced) {
		for cut := range len(line) {
			for _, behind := range []string{"", line[cut:], "\n" + lines[0], `"` + line[cut:], lines[1][min(cut, len(lines[1])):], `"}}`, `}}}`} {
				if w.walksBefore(line[:cut], behind) {
					t.Fatalf("%s was taken for a whole line where %s stood behind", line[:cut], behind)
				}
			}
		}
	}
}

// TestSpaceIsForgotten reads keys with much space behind them, of which nothing is to be remembered.
func TestSpaceIsForgotten(t *testing.T) {
	w := newTwin(allFields, Mapping{})
	for k := range 50 {
		for range 2 {
			if line := fmt.Sprintf(`{"session":{"score":5,"k%d":%s1}}`, k%40, strings.Repeat(" ", 1000)); !w.walks(line) {
				t.Fatalf("%s was not walked", line)
			}
		}
	}
	w.walks(`{"session":{"score":5,"k3":1}}`) // known by now
	w.walks(fmt.Sprintf(`{"session":{"k3":%s1,"score":5}}`, strings.Repeat(" ", 1000)))
	for _, n := range []*node{w.r.root, w.r.root.kids["session"]} {
		for _, s := range n.steps {
			if len(s.raw) > maxRaw {
				t.Errorf("%d bytes are remembered of a key", len(s.raw))
			}
		}
	}
}

// TestModelFollows holds that a model is taken at once, is kept where an odd object comes, and follows a change of shape.
func TestModelFollows(t *testing.T) {
	w := newTwin([]Field{{"session", KindState}}, Mapping{})
	session := func() *model { return &w.r.root.kids["session"].like }
	long := `{"session":{"a":"same","b":"same","score":5,"c":"same"}}`
	w.walks(long)
	if n := session().steps; n != 4 {
		t.Fatalf("the first object made a model of %d keys, want 4", n)
	}
	for range 2 * modelWait {
		w.walks(`{"session":{"a":1}}`)
	}
	if n := session().steps; n != 4 {
		t.Errorf("two short objects among many made a model of %d keys, want the 4 of before", n)
	}
	for range (maxShort + 2) * modelWait {
		w.walks(`{"session":{"a":1}}`)
	}
	if n := session().steps; n != 1 {
		t.Errorf("many short objects left a model of %d keys, want 1", n)
	}
	w.walks(`{"session":{"new":1,"a":1}}`)
	if n := session().steps; n != 2 {
		t.Errorf("a new key left a model of %d keys, want 2", n)
	}
}

// TestLyingHistory has lines that go on as the model says behind what looks like the end of a value and is not.
func TestLyingHistory(t *testing.T) {
	w := newTwin([]Field{{"session", KindState}}, Mapping{})
	for k := range 4 * modelWait {
		if line := fmt.Sprintf(`{"session":{"a":"%d","b":"same","score":5}}`, k); !w.walks(line) {
			t.Fatalf("%s was not walked", line)
		}
	}
	for _, line := range []string{
		`{"session":{"a":"1\","b":"same","score":5}}`,
		`{"session":{"a":"1\\\","b":"same","score":5}}`,
		`{"session":{"a":"1 and some more letters\","b":"same","score":5}}`,
		`{"session":{"a":"1","b":"same","score":5"}}`,
		`{"session":{"a":1","b":"same","score":5}}`,
		`{"session":{"a":{"x":1","b":"same","score":5}}`,
		`{"session":{"a":["1","b":"same","score":5}}`,
	} {
		if w.walks(line) {
			t.Errorf("%s was walked", line)
		}
		if got := w.read(line, false); got != "rejected [bad_json ]" {
			t.Errorf("%s: got %s", line, got)
		}
	}
	for line, want := range map[string]string{
		`{"session":{"a":"1\\","b":"same","score":6}}`:                     "session=6",
		`{"session":{"a":"1\",\"b\":\"same\",\"score\":5","score":7}}`:     "session=7",
		`{"session":{"a":{"x":"1","b":"same","score":5},"b":1,"score":8}}`: "session=8",
		`{"session":{"a":"1","b":"same","score":5},"session":{"score":9}}`: "rejected [duplicate_key session]",
		`{"session":{"a":"1","b":"same","score":5,"score":9}}`:             "rejected [duplicate_key session.score]",
		`{"session":{"a":"1","Score":"same","score":5}}`:                   "rejected [wrong_case_key session.score]",
		`{"session":{"a":"1" ,"b":"same","score":3}}`:                      "session=3",
		`{"session":{"a":"1"},"b":"same","score":5}`:                       "session=no score",
	} {
		if got := w.read(line, false); got != want {
			t.Errorf("%s: got %s, want %s", line, got, want)
		}
	}
}

// TestVaryingValues holds that values which keep differing from the model end comparisons, others do not, and none for ever.
func TestVaryingValues(t *testing.T) {
	w := newTwin([]Field{{"session", KindState}}, Mapping{})
	n := w.r.root.kids["session"]
	varying := func() (keys string) {
		for _, s := range n.steps {
			if s.varies {
				keys += s.raw
			}
		}
		return keys
	}
	walk := func(k, id int) {
		line := fmt.Sprintf(`{"session":{"id":%d,"a":"same","b":%d,"score":%d,"c":"same"}}`, id, k%modelWait/(modelWait-1), k%1000)
		if got, want := w.read(line, false), fmt.Sprintf("session=%d", k%1000); got != want || !w.walks(line) {
			t.Fatalf("%s: got %s, want %s", line, got, want)
		}
	}
	for k := range 2 * modelWait {
		walk(k, k)
	}
	if got, want := varying(), `"id":`; got != want {
		t.Errorf("%s was found to vary, want %s", got, want)
	}
	for k := range modelMemory * modelWait {
		walk(k, 7)
	}
	if got := varying(); got != "" {
		t.Errorf("%s varies still after %d models in which it was the same", got, modelMemory)
	}
}

// TestDeepModel has an object that can be walked but, from the object around it, not be passed over.
func TestDeepModel(t *testing.T) {
	w := newTwin([]Field{{"session", KindState}}, Mapping{})
	line := `{"session":{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `,"score":5}}`
	for range 3 {
		if got := w.read(line, false); !w.walks(line) || got != "session=5" {
			t.Fatalf("got %s", got)
		}
	}
}
