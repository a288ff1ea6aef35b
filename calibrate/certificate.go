package calibrate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// CertificateVersion counts incompatible changes of a certificate, and of the procedure behind it: what an older version
// promised, this one cannot recompute.
const CertificateVersion = 2

// A Certificate is the claim about a recommended policy with all that it takes to recompute it from the inputs.
type Certificate struct {
	SchemaVersion int    `json:"schema_version"`
	Claim         string `json:"claim"`
	// Withdrawn says why the claim does not hold after all, "" where it does.
	Withdrawn string `json:"withdrawn,omitempty"`
	Tool      string `json:"tool"`
	// Policy is the recommended one, Champion what it was searched from; hashes are those of Policy.Hash.
	Policy       PolicyID `json:"policy"`
	Champion     PolicyID `json:"champion"`
	ChampionYAML string   `json:"champion_yaml"`
	Goals        GoalsID  `json:"goals"`
	// AbsentMissing is how the second product was read where a record does not hold it (replay.Question).
	AbsentMissing bool `json:"absent_missing"`
	// Maturity is from when on labels were final; nil where they were taken as they were.
	Maturity *MaturityID `json:"maturity,omitempty"`
	// Production is how it is known what production did; nil where the champion stands for it.
	Production *ProductionID `json:"production,omitempty"`
	// Procedure is propose-rank-certify, or ladder.
	Procedure string         `json:"procedure"`
	Window    WindowID       `json:"window"` // certified on
	Windows   []WindowID     `json:"windows"`
	Limits    []CertifiedFor `json:"limits"`
	Delta     float64        `json:"delta"`
	// Step counts from 1 in the order of the walk: Step of Candidates were looked at or known to come later, Passed certified.
	Step       int `json:"step"`
	Passed     int `json:"passed"`
	Candidates int `json:"candidates"`
	Proposed   int `json:"proposed"`
	// Seed is null: no random number is drawn.
	Seed *uint64 `json:"seed"`
	// History is the digest of all windows' records, whatever files and formats they came in; Inputs are the files.
	History string    `json:"history_sha256"`
	Inputs  []InputID `json:"inputs"`
	// Use counts the calibrations that looked at records of the certify window, this one included; 0 where no ledger was kept.
	Use int `json:"use"`
}

// A PolicyID names a policy by what it says.
type PolicyID struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// A MaturityID says from when on labels were final (replay.Maturity); AsOf is in microseconds since 1970.
type MaturityID struct {
	Days int   `json:"days"`
	AsOf int64 `json:"as_of"`
}

// A WindowID names a window and what it holds.
type WindowID struct {
	Name    string `json:"name"`
	From    string `json:"from"`
	To      string `json:"to"`
	Records int64  `json:"records"`
	Labeled int64  `json:"labeled"`
	Fraud   int64  `json:"fraud"`
	SHA256  string `json:"sha256"`
	// Left counts the records that are left out because their entity has one in a later window.
	Left int64 `json:"left_out,omitempty"`
}

// A CertifiedFor is a limit with the counts that carry it; P and Bound are null where it is only checked.
type CertifiedFor struct {
	Limit string `json:"limit"`
	K     int64  `json:"k"`
	N     int64  `json:"n"`
	Alpha Number `json:"alpha"`
	P     Number `json:"p"`
	Bound Number `json:"bound"`
	// Withheld counts the records of K or N that lack a label which they should have, and count as what hurts most.
	Withheld int64 `json:"withheld,omitempty"`
	// Effective is how many independent records the N are worth, where the goals have an entity and they are worth fewer.
	Effective int64 `json:"effective_n,omitempty"`
	// Bets is how many payments were bet on, for a limit by value under a declared cap; K and N are then minor units.
	Bets int64 `json:"bets,omitempty"`
	// Undecided counts the records on which the history lacks the answer that the limit depends on. They count as what hurts most,
	// which is K of N; LeastK of LeastN is the other end of what they leave open.
	Undecided int64 `json:"undecided,omitempty"`
	LeastK    int64 `json:"least_k,omitempty"`
	LeastN    int64 `json:"least_n,omitempty"`
}

// An InputID is a file that was read.
type InputID struct {
	File    string `json:"file"`
	SHA256  string `json:"sha256"`
	Records int64  `json:"records"`
}

// Certificate returns the certificate of the recommendation, nil where there is none.
func (c *Calibration) Certificate() (*Certificate, error) {
	at, found := c.Recommendation()
	if !found {
		return nil, nil
	}
	last := len(c.Windows) - 1
	findings, err := c.findings(at.Policy, at.Counts[last], c.Windows[last])
	if err != nil {
		return nil, err
	}
	out := &Certificate{SchemaVersion: CertificateVersion, Policy: idOf(at.Policy), Champion: idOf(c.Champion), ChampionYAML: string(c.Champion.YAML()),
		Goals: c.Goals.id(), Procedure: "propose-rank-certify", Delta: c.Goals.Delta, Step: c.Recommended + 1, Passed: c.Passed,
		Candidates: len(c.Candidates), Proposed: c.Proposed, Inputs: []InputID{}}
	out.Production = productionID(c.Production)
	if c.Ladder {
		out.Procedure = "ladder"
	}
	for _, v := range findings {
		l := CertifiedFor{Limit: v.Limit.String(), K: v.K, N: v.N, Alpha: Number(v.Alpha), P: v.P, Bound: v.Bound, Withheld: v.Withheld, Effective: v.Effective, Bets: v.Bets}
		if v.Undecided > 0 {
			l.Undecided, l.LeastK, l.LeastN = v.Undecided, v.LeastK, v.LeastN
		}
		out.Limits = append(out.Limits, l)
	}
	all := sha256.New()
	for i := range c.Windows {
		id, err := c.Windows[i].id(c.Champion)
		if err != nil {
			return nil, err
		}
		fmt.Fprintln(all, id.SHA256)
		out.Windows = append(out.Windows, id)
	}
	out.Window, out.History = out.Windows[last], hex.EncodeToString(all.Sum(nil))
	out.Claim = claim(findings, out, c.Mature)
	return out, nil
}

func idOf(p *replay.Policy) PolicyID { return PolicyID{p.Name, p.Hash()} }

func (w *Window) id(p *replay.Policy) (WindowID, error) {
	sum, err := w.Digest(p)
	t := w.Total
	return WindowID{w.Name, w.From, w.To, t.N(), t.Labeled(), t.Records[dataset.Fraud], sum, w.Left}, err
}

// claim words what is certified, as STATISTICS.md, section 7, allows it.
func claim(findings []Finding, c *Certificate, mature *dataset.Mature) string {
	var parts, checked []string
	for _, v := range findings {
		side, k := "at most", v.K
		if v.Limit.AtLeast {
			side, k = "at least", v.N-v.K // K counts the rest
		}
		name := strings.ReplaceAll(v.Limit.Measure, "_", " ")
		if betsOn(v.Limit) {
			name = "fraud among approved, by value,"
		}
		if v.Limit.Measure == "fraud_rate" {
			name = "fraud among approved"
		}
		if IsFinal(v.Limit.Measure) {
			name = finalText(v.Limit.Measure)
		}
		_, bound, _ := strings.Cut(v.Limit.String(), "= ")
		text := fmt.Sprintf("%s is %s %s", name, side, strings.Replace(bound, "%", " %", 1))
		if !v.Certifiable {
			checked = append(checked, text)
			continue
		}
		if v.Bets > 0 {
			parts = append(parts, fmt.Sprintf("%s (by betting on %s payments of at most %s each, a cap declared before)", text, count(v.Bets), minorText(c.Goals.Cap)))
			continue
		}
		lacking := ""
		if v.Withheld > 0 {
			lacking = ", of which 1 lacks a label"
			if v.Withheld > 1 {
				lacking = fmt.Sprintf(", of which %s lack a label", count(v.Withheld))
			}
		}
		worth := ""
		if v.Effective > 0 {
			worth = fmt.Sprintf(", worth %s independent ones", count(v.Effective))
		}
		parts = append(parts, fmt.Sprintf("%s (n = %s%s, k = %s%s%s)", text, count(v.N), worth, count(k), lacking, v.leftOpen(c.Window.Records)))
	}
	period := c.Window.From
	if c.Window.To != c.Window.From {
		period += " to " + c.Window.To
	}
	labels := "complete labels"
	if blind := c.Window.Records - c.Window.Labeled; blind > 0 {
		labels = fmt.Sprintf("labels missing by chance alone (%s of %s records have none)", count(blind), count(c.Window.Records))
		if whose := c.Production.words(); whose != "" {
			labels += " apart from what production stopped, " + whose
		}
	}
	if mature != nil {
		labels += fmt.Sprintf(", as they were at %d days", mature.Days)
	}
	independent := "independent applicants"
	if c.Goals.Entity != "" {
		independent = fmt.Sprintf("that only records of one %s depend on each other (approximate, by Korn and Graubard)", c.Goals.Entity)
	}
	out := fmt.Sprintf("With %s %% confidence, %s for applicants like those of %s, assuming %s and %s. Step %d of %d.",
		strconv.FormatFloat(math.Round(1e8-1e8*c.Delta)/1e6, 'f', -1, 64), strings.Join(parts, " and "), period, independent, labels, c.Step, c.Candidates)
	if checked != nil {
		out += " Kept in that window without a promise: " + strings.Join(checked, ", ") + "."
	}
	return out
}

// leftOpen says how many undecided records count as what hurts most, of all records of a window, and what they leave open.
func (v Finding) leftOpen(records int64) string {
	if v.Undecided == 0 {
		return ""
	}
	least, most := v.LeastK, v.K
	leastN, mostN := v.LeastN, v.N
	if v.Limit.AtLeast { // K counts the rest
		least, leastN, most, mostN = v.N-v.K, v.N, v.LeastN-v.LeastK, v.LeastN
	}
	return fmt.Sprintf("; undecided, counted as what hurts most: %s; from %s to %s over them", of(v.Undecided, records), percent(least, leastN), percent(most, mostN))
}

// ParseCertificate reads a certificate, and what to recompute it with: the champion and the goals.
func ParseCertificate(file string, src []byte) (*Certificate, *replay.Policy, Goals, error) {
	fail := func(err error) (*Certificate, *replay.Policy, Goals, error) {
		return nil, nil, Goals{}, fmt.Errorf("%s: %w", file, err)
	}
	c := &Certificate{}
	if err := strictJSON(src, c); err != nil {
		return fail(fmt.Errorf("not a certificate: %w", err))
	}
	if c.SchemaVersion != CertificateVersion {
		return fail(fmt.Errorf("schema_version %d, want %d: recompute it with the version that wrote it, %s", c.SchemaVersion, CertificateVersion, strconv.Quote(c.Tool)))
	}
	champion, err := replay.ParsePolicy("champion of "+file, []byte(c.ChampionYAML))
	if err != nil {
		return nil, nil, Goals{}, err
	}
	goals, err := c.goals()
	if err != nil {
		return fail(err)
	}
	return c, champion, goals, nil
}

// strictJSON reads one JSON value that has no unknown field and nothing behind it.
func strictJSON(src []byte, into any) error {
	if err := distinctKeys(src); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("text behind its end, at byte %d", dec.InputOffset())
	}
	return nil
}

// distinctKeys refuses an object that has a key twice, in whatever case: of two claims the decoder takes the last, a person
// perhaps the first.
func distinctKeys(src []byte) error {
	type level struct {
		object bool
		keys   map[string]bool
		tokens int // of an object, keys and values so far
	}
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber()
	var open []level
	for {
		token, err := dec.Token()
		if err != nil {
			return nil // what is not JSON, or ends early, is told by who reads it
		}
		var at *level
		if len(open) > 0 {
			at = &open[len(open)-1]
		}
		switch delim, isDelim := token.(json.Delim); {
		case isDelim && (delim == '}' || delim == ']'):
			open = open[:len(open)-1]
			continue
		case at != nil && at.object && at.tokens%2 == 0:
			key := strings.ToLower(token.(string))
			if at.keys[key] {
				return fmt.Errorf("key %q is there twice, at byte %d", token, dec.InputOffset())
			}
			at.keys[key] = true
			at.tokens++
			continue
		case isDelim:
			if len(open) >= maxNesting {
				return fmt.Errorf("nested deeper than %d levels", maxNesting)
			}
			if at != nil {
				at.tokens++
			}
			open = append(open, level{object: delim == '{', keys: map[string]bool{}})
			continue
		}
		if at != nil {
			at.tokens++
		}
	}
}

// maxNesting is deeper than certificates and ledgers are.
const maxNesting = 20
