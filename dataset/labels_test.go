package dataset

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLabels(t *testing.T) {
	training := write(t, "train.csv", "customer_id,label\na,ok\nb,ko\nc,\nd,ok\nd,ko\ne,ko\ne,\nf,perhaps\n,ok\nz,ok\ng,1\ng,fraud\n")
	l, account, err := LoadLabels(context.Background(), []string{training}, nil, Mapping{}, "")
	if err != nil {
		t.Fatal(err)
	}
	if l.Key != CustomerID || l.Len() != 7 || l.Conflicts() != 1 || account.Read != 12 || account.Rejected != 1 {
		t.Errorf("key %s, %d ids, %d conflicts, %d read, %d rejected", l.Key, l.Len(), l.Conflicts(), account.Read, account.Rejected)
	}
	if got, want := issues(account), "unknown_label 1\n  train.csv:9: unknown_label in label \"perhaps\": want fraud, legit, or one of their aliases such as ko, ok, 1, 0, or empty\n"; got != want {
		t.Errorf("got %s", got)
	}
	var text strings.Builder
	for _, id := range "abcdefghx" {
		for _, label := range []string{"null", `"ok"`, `"ko"`} {
			fmt.Fprintf(&text, `{"customer_id":"%c","label":%s}`+"\n", id, label)
		}
	}
	text.WriteString(`{"label":"ok"}`)
	got, a, err := readAll(t, []string{write(t, "h.jsonl", text.String())}, nil,
		readConfig{workers: 3, chunk: 50, opt: Options{Fields: []Field{{LabelField, KindLabel}}, Labels: l}})
	if err != nil {
		t.Fatal(err)
	}
	u, ok, ko, no := "label=unlabeled", "label=legit", "label=fraud", "rejected"
	want := []string{ok, ok, no, ko, no, ko, u, ok, ko, no, no, no, ko, no, ko, u, ok, ko, ko, no, ko, u, ok, ko, u, ok, ko, ok}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(a.Issues) != 1 || a.Issues[0].Kind != ConflictingLabel || a.Issues[0].Count != 7 || a.Issues[0].First[0].Line != 3 {
		t.Error(issues(a))
	}
	if l.Unmatched() != 1 { // z
		t.Errorf("%d unmatched", l.Unmatched())
	}
}

func TestLabelKeys(t *testing.T) {
	text := `{"resolution_id":"r1","is_fraud":true,"label_time":"2024-01-01"}` + "\n" + `{"onboarding":{"resolution_id":"r2"},"label":"ok"}`
	name := write(t, "labels.jsonl", text)
	l, _, err := LoadLabels(context.Background(), []string{name}, nil, Mapping{}, "")
	if err != nil || l.Key != ResolutionID || l.Len() != 2 {
		t.Fatal(l, err)
	}
	got, _, err := readText(t, "", Field{LabelField, KindLabel})
	if err != nil || len(got) != 0 {
		t.Fatal(got, err)
	}
	got, _, err = readAll(t, []string{write(t, "h.jsonl", `{"resolution_id":"r1"}`)}, nil,
		readConfig{opt: Options{Fields: []Field{{LabelField, KindLabel}, {LabelTime, KindTime}}, Labels: l}})
	if diff := cmp.Diff([]string{"label=fraud label_time=1704067200000000"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for key, want := range map[string]string{
		"phone":    `labels by "phone": want one of customer_id, session_id, resolution_id`,
		CustomerID: name + ": no labels by customer_id",
	} {
		if _, _, err := LoadLabels(context.Background(), []string{name}, nil, Mapping{}, key); err == nil || err.Error() != want {
			t.Errorf("%s: got %v", key, err)
		}
	}
}

func TestRepeatedRecords(t *testing.T) {
	var text strings.Builder
	for i := range 60 {
		fmt.Fprintf(&text, "\n"+`{"customer_id":"c%d","timestamp":"2024-01-0%d"}`+"\n", i%20, 1+i/40)
	}
	text.WriteString(`{"timestamp":"2024-01-01"}` + "\n" + `{"timestamp":"2024-01-01"}` + "\n" + `{"customer_id":"c1","timestamp":"bad"}` + "\n")
	a, b := write(t, "a.jsonl", text.String()), write(t, "b.csv", "timestamp,customer_id\n2024-01-02,c3\n2024-01-03,c3\n")
	var first string
	for _, workers := range []int{1, 2, 7} {
		for _, chunk := range []int{1, 100, 1 << 20} {
			rows, account, err := readAll(t, []string{a, b}, nil, readConfig{workers: workers, chunk: chunk, opt: Options{CheckIDs: true}})
			if err != nil {
				t.Fatal(err)
			}
			got := issues(account)
			if first == "" {
				first = got
			}
			// c0..c19 on January 1st at lines 2..40, again at lines 42..80, and c3 of the 2nd again in the other file.
			if got != first || !account.IDsChecked || account.Read != 65 || account.Rejected != 1 || len(rows) != 65 ||
				!strings.HasPrefix(got[strings.Index(got, "dup"):], "duplicate_id 21\n  a.jsonl:42: duplicate_id in customer_id: want one record") {
				t.Fatalf("%d workers, chunks of %d: %d read, %d rejected, %s", workers, chunk, account.Read, account.Rejected, got)
			}
		}
	}
}

func TestNoLabels(t *testing.T) {
	name := write(t, "labels.csv", "customer_id,outcome\na,ok\n")
	_, _, err := LoadLabels(context.Background(), []string{name}, nil, Mapping{}, "")
	if err == nil || err.Error() != name+": no value in any column label: name the column so, or map it" {
		t.Errorf("got %v", err)
	}
	l, _, err := LoadLabels(context.Background(), []string{name}, nil, Mapping{Fields: map[string]string{LabelField: "outcome"}}, "")
	if err != nil || l.Len() != 1 {
		t.Error(l, err)
	}
}

// Values of personal fields are not even shown where they are short.
func TestIssuesShowNoPersonalData(t *testing.T) {
	_, a, err := readText(t, `{"onboarding":{"phone":{"number":"Mario"}},"session":"Mario","mouse":"Mario"}`,
		Field{"onboarding.phone.number", KindNumber}, Field{"session", KindState}, Field{"mouse", KindNumber})
	if got := issues(a); err != nil || strings.Count(got, "Mario") != 1 || !strings.Contains(got, `bad_number in mouse "Mario"`) {
		t.Error(got, err)
	}
}
