package reports

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/trustreplay/trustreplay/dataset"
)

// TestMaturityWords holds what is said behind a window, in the header and in JSON together.
func TestMaturityWords(t *testing.T) {
	day := func(month time.Month, d int) int64 {
		return time.Date(2025, month, d, 12, 0, 0, 0, time.UTC).UnixMicro()
	}
	mature := func(c dataset.MatureCount) dataset.Account {
		return dataset.Account{Mature: &dataset.Mature{Days: 120, AsOf: day(9, 28), MatureCount: c}}
	}
	for _, c := range []struct {
		account            dataset.Account
		behind, text, wire string
	}{
		{dataset.Account{}, "", "", "null"},
		{dataset.Account{LabelTimes: &dataset.LabelTimes{Labeled: 5, Known: 1}}, "", "", "null"},
		{dataset.Account{LabelTimes: &dataset.LabelTimes{Labeled: 5}}, "", "Maturity is unknown: no record says when its label became known",
			`{"days":0,"as_of":null,"newest":null,"immature":0,"late":0,"label_times":0}`},
		{mature(dataset.MatureCount{Immature: 7, Known: 3}), ", no label final", "as of 2025-09-28: no record is that old",
			`{"days":120,"as_of":"2025-09-28","newest":null,"immature":7,"late":0,"label_times":3}`},
		{mature(dataset.MatureCount{Immature: 7, Late: 2, Known: 3, Newest: day(5, 30)}), ", labels final up to 2025-05-30", "2 frauds that were reported later as legit",
			`{"days":120,"as_of":"2025-09-28","newest":"2025-05-30","immature":7,"late":2,"label_times":3}`},
		{mature(dataset.MatureCount{Newest: day(5, 30)}), ", labels final up to 2025-05-30", "so no fraud counts as late",
			`{"days":120,"as_of":"2025-09-28","newest":"2025-05-30","immature":0,"late":0,"label_times":0}`},
	} {
		wire, err := json.Marshal(newMaturity(c.account))
		if err != nil {
			t.Fatal(err)
		}
		text := maturityText(c.account)
		if finalTo(c.account) != c.behind || !strings.Contains(text, c.text) || c.text == "" && text != "" || string(wire) != c.wire {
			t.Errorf("%q, %q, %s, want %q, %q, %s", finalTo(c.account), text, wire, c.behind, c.text, c.wire)
		}
	}
}
