package reports

import (
	"fmt"
	"slices"

	"github.com/trustreplay/trustreplay/calibrate"
)

// A breakEvenJSON is where approving begins to pay: below a fraud rate among applicants, or above so many legit for each fraud.
type breakEvenJSON struct {
	FraudRate calibrate.Number `json:"fraud_rate"`
	Odds      calibrate.Number `json:"odds"`
	Loss      calibrate.Number `json:"mean_fraud_loss"`
	Margin    calibrate.Number `json:"mean_good_margin"`
}

// approvalBreakEven is nil without economics.
func (s screen) approvalBreakEven() *breakEvenJSON {
	if len(s.results) == 0 || s.results[0].Economics == nil {
		return nil
	}
	b := calibrate.NewBreakEven(s.results[0].Economics, s.results[0].Total())
	return &breakEvenJSON{b.FraudRate, b.Odds, b.Loss, b.Margin}
}

// breakEvenNote says it in a sentence, "" where there is none.
func (s screen) breakEvenNote() string {
	b := s.approvalBreakEven()
	if b == nil || !b.Odds.Defined() {
		return ""
	}
	return fmt.Sprintf("Approving pays where fewer than %s of those approved are frauds, %s legit for each: on these records a fraud loses %s on average and a legit record earns %s.",
		percent(b.FraudRate), ratioText(b.Odds), decimals(b.Loss), decimals(b.Margin))
}

// tidyBreakEven appends the lines of the table break_even.
func (s screen) tidyBreakEven(t *Table, lead []any) {
	b := s.approvalBreakEven()
	if b == nil {
		return
	}
	for _, x := range []struct {
		name string
		v    calibrate.Number
	}{{"fraud_rate", b.FraudRate}, {"odds", b.Odds}, {"mean_fraud_loss", b.Loss}, {"mean_good_margin", b.Margin}} {
		t.valued(lead, "break_even", x.name, x.v)
	}
}

// valued appends a line of one value to the CSV of Replay, or to that of Compare, which has it in the challenger's column.
func (t *Table) valued(lead []any, table, name string, v calibrate.Number) {
	t.named(lead, map[string]any{"table": table, "name": name, "value": v})
}

// named appends a line whose cells go by the names of their columns, those of a measure in Compare by the challenger's.
func (t *Table) named(lead []any, cells map[string]any) {
	t.line(lead)
	row := t.Rows[len(t.Rows)-1]
	for name, v := range cells {
		i := slices.IndexFunc(t.Columns, func(x Column) bool { return x.Name == name || x.Name == "challenger_"+name })
		row[i].Value = v
	}
}
