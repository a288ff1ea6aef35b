package dataset

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCSV(t *testing.T) {
	fields := []Field{{CustomerID, KindText}, {"session", KindState}, {"onboarding", KindState}, {LabelField, KindLabel}, {Amount, KindAmount}}
	for text, want := range map[string][]string{
		"customer_id,score,label\na,649,ok\n\"b, \"\"c\"\"\",,ko":        {"customer_id=a session=649 onboarding=absent label=legit amount=", `customer_id=b, "c" session=absent onboarding=absent label=fraud amount=`},
		"customer_id;session_score;score\na;649;5\nb;;5\n":               {"customer_id=a session=649 onboarding=absent label=unlabeled amount=", "customer_id=b session=absent onboarding=absent label=unlabeled amount="},
		"amount\tonboarding_score\tonboarding.status\n1.5\t\tprocessing": {"customer_id= session=absent onboarding=processing label=unlabeled amount=150"},
		"customer_id,session\nx,\"{\"\"score\"\":7}\"\ny,\ny,<html>\n":   {"customer_id=x session=7 onboarding=absent label=unlabeled amount=", "customer_id=y session=absent onboarding=absent label=unlabeled amount=", "rejected"},
		" customer_id , label \r\na,fraud\r\n\r\nb,0.0\r\n":              {"customer_id=a session=absent onboarding=absent label=fraud amount=", "customer_id=b session=absent onboarding=absent label=legit amount="},
		"customer_id,amount\na,\"1\n2\"\nb,3":                            {"rejected", "customer_id=b session=absent onboarding=absent label=unlabeled amount=300"},
	} {
		got, _, err := readText(t, text, fields...)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %s, %v", text, diff, err)
		}
	}
}

func TestCSVIssues(t *testing.T) {
	text := "customer_id,score\na,1\nb\nc,1,2\n\"d\nd\",x\ne\"e,5\nf,6\n"
	got, a, err := readText(t, text, idAndScore...)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"customer_id=a session=1", "rejected", "rejected", "rejected", "rejected", "customer_id=f session=6"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	wantIssues := `bad_row 3
  stdin:3: bad_row: want as many cells as the header has
  stdin:4: bad_row: want as many cells as the header has
  stdin:7: bad_row: want as many cells as the header has
bad_score 1
  stdin:5: bad_score in session.score "x": want an integer 0..1000
`
	if diff := cmp.Diff(wantIssues, issues(a)); diff != "" {
		t.Error(diff)
	}
}

func TestCSVWithoutEnd(t *testing.T) {
	name := write(t, "h.csv", "customer_id,score\na,\""+strings.Repeat("x\n", maxLine))
	_, _, err := readAll(t, []string{name}, nil, readConfig{opt: Options{Fields: idAndScore}})
	if err == nil || err.Error() != name+": line 2: a row of more than 16777216 bytes: is a quote missing" {
		t.Errorf("got %v", err)
	}
}

func FuzzCSV(f *testing.F) {
	f.Add("customer_id,score\na,1\n\"b\n\",2\nc\n")
	f.Add("session;label;amount\n{\"score\":1};ok;2.5\n")
	f.Fuzz(func(t *testing.T, text string) {
		readAll(t, []string{"-"}, bytes.NewReader([]byte(text)), readConfig{opt: Options{Fields: allFields}})
	})
}
