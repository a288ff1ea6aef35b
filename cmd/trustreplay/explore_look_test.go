package main

import "testing"

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
