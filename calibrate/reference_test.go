package calibrate

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"testing"
)

// eachReference hands over a section of ../shared/reference/statistics.json twice: as it was copied into the test, so that a checkout
// without the file tests it too, and as it is in the file.
func eachReference[T any](t *testing.T, section, inlined string, check func(t *testing.T, ref T)) {
	t.Helper()
	parse := func(t *testing.T, text []byte) (ref T) {
		if err := json.Unmarshal(text, &ref); err != nil {
			t.Fatal(err)
		}
		return ref
	}
	t.Run("inlined", func(t *testing.T) { check(t, parse(t, []byte(inlined))) })
	t.Run("shared", func(t *testing.T) {
		data, err := os.ReadFile("../../shared/reference/statistics.json")
		if errors.Is(err, fs.ErrNotExist) {
			t.Skip("no reference file in this checkout")
		}
		if err != nil {
			t.Fatal(err)
		}
		var sections map[string]json.RawMessage
		if err := json.Unmarshal(data, &sections); err != nil {
			t.Fatal(err)
		}
		check(t, parse(t, sections[section]))
	})
}
