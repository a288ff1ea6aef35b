package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestExplorePictures produces the screenshots that a person looks at, and checks on the way that none of these states puts the page
// at fault.
func TestExplorePictures(t *testing.T) {
	p := explored(t, "", "--policy", sample(t, "policy.yaml"), "--by", "country", "--limit", "fraud_rate <= 0.8%", "--limit", "insult_rate <= 2%", "--economics", sample(t, "economics.yaml"),
		"--labels", sample(t, "labels.csv"), sample(t, "waterfall.jsonl.gz"))
	evaluate[bool](p, `(() => {
		const { store } = explorer, gate = store.state.gate.slice(), matrix = store.state.matrix.map((r) => r.slice());
		gate[2] = NEXT;
		matrix[3][4] = matrix[3][5] = APPROVE;
		store.settle({ bands: [{ recorded: false, edges: [180, 430, 560, 776] }, store.state.bands[1]], cut: [0, 2], gate, matrix });
		return true })()`)
	p.click("#cell-0-gate")
	if evaluate[bool](p, "(({ scrollHeight, clientHeight }) => scrollHeight > clientHeight)(document.querySelector('#grid .wide'))") {
		t.Error("the menu of the last row makes the table scroll")
	}
	p.keys(kb.Escape)
	for _, scheme := range []string{"light", "dark"} {
		p.screenshot("explore", scheme)
	}
	p.resize(390, 844)
	p.until("document.querySelector('.u-wrap').clientWidth < 390")
	if w := evaluate[int](p, "document.documentElement.scrollWidth"); w > 390 {
		t.Errorf("on a window of 390 pixels the page is %d wide", w)
	}
	p.screenshot("explore-narrow", "light")
}

// TestExploreBare opens pages of histories that lack what most have: labels, times, amounts, a second product, or any fraud.
func TestExploreBare(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "bare.jsonl")
	if err := os.WriteFile(file, []byte("{\"session\":{\"score\":600}}\n{\"session\":null}\n{\"session\":{\"score\":100}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	alone := filepath.Join(dir, "alone.yaml")
	if err := os.WriteFile(alone, []byte("policy: 1\nname: alone\nfirst: session\nclusters: {session: standard}\ngate: {missing: review, very_low: block, low: block, review: review, high: approve, very_high: approve}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	bare := explored(t, "", "--policy", alone, "--check-ids", "never", file)
	if got := bare.text("#m-approval_rate-draft"); got != "33.33 %" {
		t.Errorf("the approval rate is %s, want 33.33 %%", got)
	}
	if got := bare.text("#m-fraud_rate-draft"); got != "n/a" {
		t.Errorf("the fraud rate is %s, want n/a", got)
	}
	bare.drag("#handle-0-2", 150, 0)
	if got := bare.text("#m-approval_rate-draft"); got != "0" {
		t.Errorf("above every score, the approval rate is %s, want 0", got)
	}
	unlabeled := explored(t, "", "--policy", "table-waterfall", sample(t, "waterfall.jsonl.gz"))
	unlabeled.click("#cutoffs button")
	unlabeled.until("document.querySelectorAll('.handle:not([hidden])').length === 5") // one of the first product, four of the second
	unlabeled.screenshot("explore-unlabeled", "light")
}
