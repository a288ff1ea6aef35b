package dataset

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// withoutDetails removes what SynthOptions.Details adds from a record, and counts what it removed.
func withoutDetails(r looseRecord) (removed int) {
	drop := func(m map[string]any, names ...string) {
		for _, name := range names {
			if _, found := m[name]; found {
				delete(m, name)
				removed++
			}
		}
	}
	for _, product := range []string{"session", "login"} {
		m, _ := r.product(product)
		drop(m, "ip_country_code")
	}
	hub, _ := r.product("onboarding")
	for claim, names := range map[string][]string{"phone": {"country_code"}, "email": {"first_seen_days", "has_linkedin", "has_twitter", "has_instagram"}} {
		m, _ := hub[claim].(map[string]any)
		drop(m, names...)
	}
	return removed
}

// TestSynthDetailsChangeNothingElse: of one seed, a history with details is the one without once they are taken away.
func TestSynthDetailsChangeNothingElse(t *testing.T) {
	for _, opt := range []SynthOptions{
		{Records: 3000, Seed: 4},
		{Records: 3000, Seed: 4, Mode: SynthWaterfall, Strings: true, Segments: []string{"country=North,FR"}},
		{Records: 500, Login: true},
	} {
		plain, truth := synthText(t, opt)
		opt.Details = true
		text, with := synthText(t, opt)
		want, got := looseRecords(t, plain), looseRecords(t, text)
		removed := 0
		for i := range got {
			removed += withoutDetails(got[i])
			if d := cmp.Diff(want[i], got[i]); d != "" {
				t.Fatalf("record %d without details (-) and with (+): %s", i, d)
			}
		}
		with.Options.Details = false
		if d := cmp.Diff(truth, with); d != "" || removed < int(opt.Records)/2 {
			t.Errorf("%d details; truth without (-) and with (+): %s", removed, d)
		}
	}
}

// TestSynthDetails compares how often each detail occurs with the shares of the kinds of population A.
func TestSynthDetails(t *testing.T) {
	text, _ := synthText(t, SynthOptions{Records: 40_000, Details: true, FraudRate: 0.3, Missing: -1, Processing: -1, Failed: -1, Rings: -1, Segments: []string{"country=IT,US"}})
	var records, abroad, young, linked [2]int64
	for i, r := range looseRecords(t, text) {
		class := b2i(r[LabelField] == "ko")
		if r[LabelField] == nil {
			continue
		}
		session, _ := r.product("session")
		hub, _ := r.product("onboarding")
		phone, email := hub["phone"].(map[string]any), hub["email"].(map[string]any)
		days := email["first_seen_days"].(float64)
		if phone["country_code"] != r["country"] || days < 0 || days > oldEmailDays || days <= newEmailDays && email["has_twitter"] == true {
			t.Fatalf("record %d: %v, %v in %v", i, phone, email, r["country"])
		}
		records[class]++
		abroad[class] += b2i(session["ip_country_code"] != phone["country_code"])
		young[class] += b2i(days <= newEmailDays)
		linked[class] += b2i(email["has_linkedin"] == true)
	}
	share := func(of func(detailModel) float64) (out [2]float64) {
		for _, k := range synthKinds[SynthInformative] {
			out[b2i(k.fraud)] += k.weight * of(detailModels[k.profile])
		}
		return out
	}
	for _, c := range []struct {
		what string
		got  [2]int64
		want [2]float64
	}{
		{"abroad", abroad, share(func(m detailModel) float64 { return m.abroad })},
		{"new email", young, share(func(m detailModel) float64 { return m.newEmail })},
		{"social account", linked, share(func(m detailModel) float64 { return m.account * (1 - m.newEmail) })},
	} {
		for class := range records {
			nearRate(t, c.what, c.got[class], records[class], c.want[class], 1)
		}
	}
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
