package calibrate

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/trustreplay/trustreplay/replay"
)

// FuzzParseAlarm reads state files that anybody may have edited: what is accepted counts no more frauds than records, and goes on.
func FuzzParseAlarm(f *testing.F) {
	limit, err := replay.ParseLimit("fraud_rate <= 1%")
	if err != nil {
		f.Fatal(err)
	}
	pol, _ := replay.Builtin("table-combined")
	fresh := func() *Alarm {
		a, err := NewAlarm(limit, pol, 120, false)
		if err != nil {
			f.Fatal(err)
		}
		return a
	}
	used := fresh()
	used.Add([]AlarmDay{{"2026-03-01", 10, 1}, {"2026-03-02", 1 << 52, 0}})
	text, err := json.Marshal(used)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(" "))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := ParseAlarm("state.json", text, fresh())
		if err != nil {
			return
		}
		a.Add([]AlarmDay{{"9999-12-31", 3, 1}})
		if w := a.Watch; w.Frauds < 0 || w.Frauds > w.Records || math.IsNaN(w.LogE()) {
			t.Fatalf("%d frauds of %d records, evidence %v", w.Frauds, w.Records, w.LogE())
		}
	})
}
