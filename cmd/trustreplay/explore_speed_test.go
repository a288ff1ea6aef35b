package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestExploreSpeed measures a page of the history that HISTORY names: how long it takes to open, and each of a hundred moves of a
// cutoff. It judges nothing: a machine may be busy.
func TestExploreSpeed(t *testing.T) {
	history := os.Getenv("HISTORY")
	if history == "" {
		t.Skip("HISTORY names no history to measure on")
	}
	args := append([]string{"--policy", "table-waterfall", "--by", "country", "--limit", "fraud_rate <= 0.5%", "--economics", sample(t, "economics.yaml")}, strings.Split(history, ",")...)
	began := time.Now()
	p := explored(t, "", args...)
	t.Logf("%s: %d records in %d rows, built and opened in %v, of which the page's scripts ran %v ms", history, evaluate[int](p, "explorer.page.records"), evaluate[int](p, "explorer.page.rows"),
		time.Since(began).Round(time.Millisecond), evaluate[float64](p, "Math.round(performance.now() - performance.getEntriesByType('navigation')[0].responseEnd)"))
	t.Logf("from the file's first byte to the first numbers: %v ms", evaluate[float64](p, "Math.round(explorer.shown)"))
	// A hand takes its time after a page has opened, in which the page and the browser finish what they put off.
	evaluate[bool](p, "new Promise((done) => setTimeout(() => done(true), 2000))")
	for _, of := range []struct{ axis, edge, shown int }{{0, 2, 0}, {1, 2, 1}, {1, 2, 0}} { // with the curve of the same cutoff, and of another
		times := evaluate[[]float64](p, fmt.Sprintf(`(async () => {
			const { store, page } = explorer, out = [];
			store.settle({ cut: [%[3]d, 2] });
			for (let i = 0; i < 100; i++) {
				const bands = store.state.bands.slice();
				bands[%[1]d] = { recorded: false, edges: moveEdge(page.products[%[1]d].positions, bands[%[1]d].edges, %[2]d, 480 + 2 * i) };
				store.move({ bands });
				await new Promise((done) => requestAnimationFrame(done));
				const counted = performance.now();
				document.body.getBoundingClientRect(); // lays the page out
				out.push(explorer.times.at(-1) + performance.now() - counted);
			}
			return out;
		})()`, of.axis, of.edge, of.shown))
		first := times[0] // leaves the recorded clusters, and warms the browser's compiler up
		slices.Sort(times)
		t.Logf("moves of product %d with the curve of product %d: median %.1f ms, first %.1f ms, worst two of 100 %.1f and %.1f ms", of.axis, of.shown, times[50], first, times[98], times[99])
	}
}
