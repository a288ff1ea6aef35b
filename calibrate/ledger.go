package calibrate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// LedgerVersion counts incompatible changes of a ledger file.
const LedgerVersion = 1

// A Ledger remembers which records certificates have looked at. Records can carry a promise once: whoever tries again until
// something passes has chosen on the records that were to judge the choice. The zero Ledger remembers nothing.
type Ledger struct {
	Version int         `json:"ledger"`
	Uses    []LedgerUse `json:"uses"`
}

// A LedgerUse is one calibration.
type LedgerUse struct {
	// Run identifies what was asked of which records; the same run again is a repetition, which spends nothing.
	Run  string `json:"run"`
	From string `json:"from"`
	To   string `json:"to"`
	// Periods are digests of the months, or days, that were certified on: of scores and amounts, whatever the labels.
	Periods []string `json:"periods"`
	// Traces are digests of the same periods that hold whatever the champion asks and however a product that a record lacks is
	// read: of what each product answered, and of the number and the amount of the records.
	Traces []string `json:"traces,omitempty"`
}

// touches reports whether two uses looked at the records of one period.
func (u LedgerUse) touches(other LedgerUse) bool {
	shared := func(a, b []string) bool {
		return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
	}
	return shared(u.Periods, other.Periods) || shared(u.Traces, other.Traces)
}

// ParseLedger reads a ledger file; an empty one is an empty ledger.
func ParseLedger(file string, src []byte) (*Ledger, error) {
	l := &Ledger{Version: LedgerVersion}
	if len(strings.TrimSpace(string(src))) == 0 {
		return l, nil
	}
	if err := strictJSON(src, l); err != nil {
		return nil, fmt.Errorf("%s: not a ledger: %w", file, err)
	}
	if l.Version != LedgerVersion {
		return nil, fmt.Errorf("%s: ledger version %d, want %d", file, l.Version, LedgerVersion)
	}
	return l, nil
}

// Enter adds the use that a calibration made of the records of its last window, unless it is a repetition. number counts
// the uses of any of these records up to and with this one, so that 1 is the first.
func (l *Ledger) Enter(u LedgerUse) (number int) {
	number = 1
	for _, e := range l.Uses {
		if e.Run == u.Run {
			return number
		}
		if e.touches(u) {
			number++
		}
	}
	l.Uses = append(l.Uses, u)
	return number
}

// Use returns what a calibration enters into a ledger. The cube is the one that was calibrated on.
func (c *Calibration) Use(cube *replay.Cube) (LedgerUse, error) {
	last := c.Windows[len(c.Windows)-1]
	u := LedgerUse{From: last.From, To: last.To}
	run := sha256.New()
	goals, err := json.Marshal(c.Goals.id())
	if err != nil {
		return u, err
	}
	fmt.Fprintf(run, "%d %s %s %v\n", CertificateVersion, c.Champion.Hash(), goals, c.Goals.Delta)
	if id := productionID(c.Production); id != nil { // who asks with another past asks another question
		fmt.Fprintf(run, "%d %d %s\n", id.Recorded, id.Replayed, id.YAML)
	}
	list, _, err := periodsOf(cube, c.Champion)
	if err != nil {
		return u, err
	}
	for _, p := range list {
		inside := last.From <= p.key && p.key <= last.To
		if p.key > last.To {
			continue
		}
		w, err := windowOf("", cube, []period{p})
		if err != nil {
			return u, err
		}
		sum, err := w.Digest(c.Champion)
		if err != nil {
			return u, err
		}
		fmt.Fprintln(run, sum)
		if !inside {
			continue
		}
		// Labels are left out: that more of them are known by now does not make the records new.
		if sum, err = w.digest(c.Champion, scoresKey); err != nil {
			return u, err
		}
		u.Periods = append(u.Periods, sum)
		traces, err := w.traces(c.Champion)
		if err != nil {
			return u, err
		}
		u.Traces = append(u.Traces, traces...)
	}
	u.Run = hex.EncodeToString(run.Sum(nil))
	return u, nil
}

// traces identify the records of a window by each product's scores alone and, where they have amounts, by their number and
// total. Another champion may ask other products of the same records, and must not thereby pass for the first to look.
func (w *Window) traces(p *replay.Policy) ([]string, error) {
	hash := func(format string, args ...any) string {
		sum := sha256.Sum256(fmt.Appendf(nil, format, args...))
		return hex.EncodeToString(sum[:])
	}
	piles, err := w.cube.Piles(p)
	if err != nil {
		return nil, err
	}
	var scores [2][dataset.MaxScore + 1]int64
	var amount int64
	for pile := range piles {
		amount += pile.Amount
		for i, a := range []replay.Answer{pile.First, pile.Second} {
			if score, ok := a.State.Score(); ok {
				scores[i][score] += pile.Records
			}
		}
	}
	var out []string
	for i, product := range []string{p.First, p.Second} {
		if scores[i] != [dataset.MaxScore + 1]int64{} {
			out = append(out, hash("%s %s to %s %d", product, w.From, w.To, scores[i]))
		}
	}
	if amount > 0 {
		out = append(out, hash("all %s to %s %d of %d", w.From, w.To, w.Total.N(), amount))
	}
	return out, nil
}

// Withdraw notes in a certificate how often its records have been looked at; from the second time on the claim is withdrawn.
func (c *Certificate) Withdraw(use int) {
	c.Use = use
	if use > 1 {
		c.Withdrawn = fmt.Sprintf("records of %s to %s were certified on before (this is use %d): whoever asks again until something passes chooses on the records that were to judge, so nothing is promised; --certify-from takes newer records alone", c.Window.From, c.Window.To, use)
	}
}
