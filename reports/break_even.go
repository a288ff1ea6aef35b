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
	column := func(names ...string) int {
		return slices.IndexFunc(t.Columns, func(x Column) bool { return slices.Contains(names, x.Name) })
	}
	t.line(lead)
	row := t.Rows[len(t.Rows)-1]
	row[column("table")].Value, row[column("name")].Value, row[column("value", "challenger_value")].Value = table, name, v
}
