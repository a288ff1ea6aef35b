package calibrate

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// certificateFields are the names of a certificate's JSON, which files that were written once hold for ever: a name that is
// added, renamed or dropped is a change of CertificateVersion.
const certificateFields = `
schema_version claim withdrawn? tool
policy.name policy.sha256 champion.name champion.sha256 champion_yaml
goals.objective goals.limits goals.families? goals.otherwise? goals.any_matrix? goals.cutoffs.low? goals.cutoffs.high?
goals.bands.product? goals.bands.bands? goals.economics? goals.until? goals.certify_from? goals.entity? goals.cap_minor_units?
absent_missing maturity.days? maturity.as_of?
production.recorded? production.replayed? production.policy.name? production.policy.sha256? production.policy_yaml? procedure
window.name window.from window.to window.records window.labeled window.fraud window.sha256 window.left_out?
windows.name windows.from windows.to windows.records windows.labeled windows.fraud windows.sha256 windows.left_out?
limits.limit limits.k limits.n limits.alpha limits.p limits.bound limits.withheld? limits.effective_n? limits.bets? limits.undecided? limits.least_k? limits.least_n?
delta step passed candidates proposed seed
history_sha256 inputs.file inputs.sha256 inputs.records use`

// TestCertificateFields compares them with the types, optional ones marked.
func TestCertificateFields(t *testing.T) {
	if CertificateVersion != 2 {
		t.Error("these are the names of version 2")
	}
	if diff := cmp.Diff(strings.Fields(certificateFields), jsonNames("", "", reflect.TypeFor[Certificate]())); diff != "" {
		t.Errorf("(-names +types):\n%s", diff)
	}
}

// jsonNames lists the paths of a type's fields as encoding/json writes them; mark ends those that may be left out.
func jsonNames(path, mark string, of reflect.Type) (out []string) {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice || of.Kind() == reflect.Array {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct {
		return []string{strings.TrimPrefix(path, ".") + mark}
	}
	for i := range of.NumField() {
		name, options, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		inner := mark
		if strings.HasPrefix(options, "omit") {
			inner = "?"
		}
		out = append(out, jsonNames(path+"."+name, inner, of.Field(i).Type)...)
	}
	return out
}
