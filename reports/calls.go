package reports

import (
	"fmt"
	"strconv"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// A callLine is what one product of a policy was asked.
type callLine struct {
	product string
	calls   int64
	cost    replay.Money
}

// callLines returns the calls of each product with their cost, which is exact: CheckCost bounds more than calls.
func callLines(r replay.Result) []callLine {
	var out []callLine
	for i, product := range []string{r.Policy.First, r.Policy.Second} {
		if product != "" {
			out = append(out, callLine{product, r.Calls[i], replay.Money(r.Calls[i]) * r.Economics.Calls[product]})
		}
	}
	return out
}

// callsTable says what calls cost and how long they take, where there are economics.
func (s screen) callsTable() []Block {
	if len(s.results) == 0 || s.results[0].Economics == nil {
		return nil
	}
	e := s.results[0].Economics
	timed := e.Latency != nil
	cost, last := "cost", "all"
	if timed {
		last = "to decide"
	}
	if e.Currency != "" {
		cost += " (" + e.Currency + ")"
	}
	t := &Table{Caption: "Calls", Columns: []Column{{Name: "policy"}, {Name: "product"}, {Name: "calls", Align: Right}, {Name: "share", Align: Right},
		{Name: "price", Align: Right}, {Name: "cost", Head: cost, Align: Right}, {Name: "seconds", Align: Right}}}
	for _, r := range s.results {
		name := r.Policy.Name
		var total replay.Money
		for _, line := range callLines(r) {
			price := e.Calls[line.product]
			row := []Cell{textCell(name), textCell(line.product), countCell(line.calls), shareCell(line.calls, r.Calls[0]), {price, price.Decimal()}, {line.cost, totalText(line.cost)}, {}}
			if l := e.Latency[line.product]; timed {
				row[6] = rangeCell(exactSeconds(seconds(l.Low)), exactSeconds(seconds(l.High)))
			}
			t.Rows = append(t.Rows, row)
			name, total = "", total+line.cost
		}
		row := []Cell{textCell(name), textCell(last), countCell(r.Calls[0] + r.Calls[1]), textCell(""), {}, {total, totalText(total)}, {}}
		if w, found := e.Wait(r.Policy, r.Counts); found {
			row[6] = secondsCell(calibrate.MeanWait(w))
			t.Footnotes = append(t.Footnotes, r.Policy.Name+": "+s.waitText(w)+".")
		}
		t.Rows = append(t.Rows, row)
	}
	if timed {
		t.Footnotes = append(t.Footnotes, "Seconds: the latencies of the economics file, from the fastest answer to the slowest; to decide: the range of the mean over all records, "+
			"a failed answer taken to last as long as another. The guide gives 2 to 8 for standard and under 1 for low latency.")
	} else {
		t.Columns = t.Columns[:6]
		for i := range t.Rows {
			t.Rows[i] = t.Rows[i][:6]
		}
	}
	if len(s.results) == 1 {
		t.Columns = t.Columns[1:]
		for i := range t.Rows {
			t.Rows[i] = t.Rows[i][1:]
		}
	}
	return []Block{t}
}

// waitText says who waits for what.
func (s screen) waitText(w replay.Wait) string {
	m := s.rate("wait_both", w.Both, w.Records)
	value, interval := measureText(m)
	if interval != "" {
		value += " (" + interval + ")"
	}
	how := "one product after the other"
	switch {
	case w.Both == 0:
		return "no record waits for two products"
	case w.Parallel:
		how = "both products are asked at once"
	}
	return fmt.Sprintf("%s; %s of the records wait for both", how, value)
}

func seconds(ms int64) calibrate.Number { return calibrate.Number(float64(ms) / 1000) }

// secondsCell prints the bounds of a mean.
func secondsCell(w calibrate.Wait) Cell {
	if !w.Low.Defined() {
		return Cell{w.Low, undefined}
	}
	return rangeCell(decimals(w.Low), decimals(w.High))
}

// rangeCell prints two bounds, or the value where they are one.
func rangeCell(low, high string) Cell {
	if low == high {
		return textCell(low)
	}
	return textCell(low + " – " + high)
}

func exactSeconds(v calibrate.Number) string { return strconv.FormatFloat(float64(v), 'f', -1, 64) }

// A timeJSON is how long decisions take, in seconds; the mean lies between low and high, both included.
type timeJSON struct {
	Order    string           `json:"order"` // sequential or parallel
	MeanLow  calibrate.Number `json:"mean_low"`
	MeanHigh calibrate.Number `json:"mean_high"`
	WaitBoth measureJSON      `json:"wait_both"` // share of the records that wait for two products
}

// timeData returns nil where the economics give no latencies.
func (s screen) timeData(r replay.Result) *timeJSON {
	w, found := r.Economics.Wait(r.Policy, r.Counts)
	if !found {
		return nil
	}
	mean := calibrate.MeanWait(w)
	return &timeJSON{waitOrder(w), mean.Low, mean.High, s.rateJSON("wait_both", w.Both, w.Records)}
}

func waitOrder(w replay.Wait) string {
	if w.Parallel {
		return "parallel"
	}
	return "sequential"
}

// callCosts returns the cost of each product's calls, nil without economics.
func callCosts(r replay.Result) object {
	if r.Economics == nil {
		return nil
	}
	out := object{}
	for _, line := range callLines(r) {
		out = append(out, member{line.product, line.cost})
	}
	return out
}

// tidyCalls appends the cost of calls and the time to decision: lines of the tables call_cost, whose numerator is money and whose
// value is per record, and time.
func (s screen) tidyCalls(t *Table, lead []any, r replay.Result) {
	if r.Economics == nil {
		return
	}
	add := func(table, name string, values ...any) {
		t.line(lead, append([]any{table, name, nil, nil, nil, nil, nil, nil}, values...)...)
	}
	for _, line := range callLines(r) {
		add("call_cost", line.product, line.cost, r.Calls[0], calibrate.PerRecordOf(line.cost, r.Calls[0]))
	}
	if w, found := r.Economics.Wait(r.Policy, r.Counts); found {
		mean := calibrate.MeanWait(w)
		add("time", "mean_seconds_"+waitOrder(w), nil, w.Records, nil, mean.Low, mean.High)
		m := s.rate("wait_both", w.Both, w.Records)
		add("time", m.Name, m.Numerator, m.Denominator, m.Value, m.Low, m.High, m.Confidence, m.Method)
	}
}
