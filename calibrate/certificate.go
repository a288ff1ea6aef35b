package calibrate

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// CertificateVersion counts incompatible changes of a certificate, and of the procedure behind it: what an older version
// promised, this one cannot recompute.
const CertificateVersion = 1

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

// GoalsID are goals as text, from which Goals reads them back.
type GoalsID struct {
	Objective string    `json:"objective"`
	Limits    []string  `json:"limits"`
	Families  []string  `json:"families,omitempty"`
	Otherwise string    `json:"otherwise,omitempty"`
	AnyMatrix bool      `json:"any_matrix,omitempty"`
	Cutoffs   [2]Range  `json:"cutoffs,omitzero"`
	Bands     []BandsID `json:"bands,omitempty"`
	Economics string    `json:"economics,omitempty"`
	Until     string    `json:"until,omitempty"`
	From      string    `json:"certify_from,omitempty"`
}

// A BandsID names the bands of the champion's first product, 0, or second, 1.
type BandsID struct {
	Product int    `json:"product"`
	Bands   string `json:"bands"`
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
	if c.Ladder {
		out.Procedure = "ladder"
	}
	for _, v := range findings {
		out.Limits = append(out.Limits, CertifiedFor{v.Limit.String(), v.K, v.N, Number(v.Alpha), v.P, v.Bound, v.Withheld})
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
	out.Claim = claim(findings, out)
	return out, nil
}

func idOf(p *replay.Policy) PolicyID { return PolicyID{p.Name, p.Hash()} }

func (w *Window) id(p *replay.Policy) (WindowID, error) {
	sum, err := w.Digest(p)
	t := w.Total
	return WindowID{w.Name, w.From, w.To, t.N(), t.Labeled(), t.Records[dataset.Fraud], sum}, err
}

// claim words what is certified, as STATISTICS.md, section 7, allows it.
func claim(findings []Finding, c *Certificate) string {
	var parts, checked []string
	for _, v := range findings {
		side, k := "at most", v.K
		if v.Limit.AtLeast {
			side, k = "at least", v.N-v.K // K counts the rest
		}
		name := strings.ReplaceAll(v.Limit.Measure, "_", " ")
		if v.Limit.Measure == "fraud_rate" {
			name = "fraud among approved"
		}
		_, bound, _ := strings.Cut(v.Limit.String(), "= ")
		text := fmt.Sprintf("%s is %s %s", name, side, strings.Replace(bound, "%", " %", 1))
		if !v.Certifiable {
			checked = append(checked, text)
			continue
		}
		lacking := ""
		if v.Withheld > 0 {
			lacking = fmt.Sprintf(", of which %s lack a label", count(v.Withheld))
		}
		parts = append(parts, fmt.Sprintf("%s (n = %s, k = %s%s)", text, count(v.N), count(k), lacking))
	}
	period := c.Window.From
	if c.Window.To != c.Window.From {
		period += " to " + c.Window.To
	}
	out := fmt.Sprintf("With %s %% confidence, %s for applicants like those of %s, assuming independent applicants and complete labels. Step %d of %d.",
		strconv.FormatFloat(math.Round(1e8-1e8*c.Delta)/1e6, 'f', -1, 64), strings.Join(parts, " and "), period, c.Step, c.Candidates)
	if checked != nil {
		out += " Kept in that window without a promise: " + strings.Join(checked, ", ") + "."
	}
	return out
}

// id writes goals as text.
func (g Goals) id() GoalsID {
	out := GoalsID{Objective: string(g.Objective), AnyMatrix: g.AnyMatrix, Cutoffs: g.Ranges, Until: g.Until, From: g.CertifyFrom}
	for _, l := range g.Limits {
		out.Limits = append(out.Limits, l.String())
	}
	for _, f := range g.Families {
		out.Families = append(out.Families, string(f))
	}
	if g.Otherwise != dataset.NoAction {
		out.Otherwise = g.Otherwise.String()
	}
	for i, b := range g.Bands {
		if !b.Recorded() {
			out.Bands = append(out.Bands, BandsID{i, b.String()})
		}
	}
	if g.Economics != nil {
		out.Economics = string(g.Economics.YAML())
	}
	return out
}

// Goals reads the goals back.
func (c *Certificate) goals() (Goals, error) {
	id := c.Goals
	g := Goals{Objective: Objective(id.Objective), Delta: c.Delta, AnyMatrix: id.AnyMatrix, Ranges: id.Cutoffs, Until: id.Until, CertifyFrom: id.From}
	for _, text := range id.Limits {
		l, err := replay.ParseLimit(text)
		if err != nil {
			return g, err
		}
		g.Limits = append(g.Limits, l)
	}
	for _, f := range id.Families {
		g.Families = append(g.Families, Family(f))
	}
	if id.Otherwise != "" {
		a, known := dataset.ActionNamed(id.Otherwise)
		if !known {
			return g, fmt.Errorf("otherwise %q: want step_up, review or block", id.Otherwise)
		}
		g.Otherwise = a
	}
	for _, b := range id.Bands {
		if b.Product < 0 || b.Product >= len(g.Bands) {
			return g, fmt.Errorf("bands of product %d: want 0 for the first, 1 for the second", b.Product)
		}
		var err error
		if g.Bands[b.Product], err = replay.ParseBands(b.Bands); err != nil {
			return g, err
		}
	}
	if id.Economics != "" {
		e, err := replay.ParseEconomics("economics of the certificate", []byte(id.Economics))
		if err != nil {
			return g, err
		}
		g.Economics = e
	}
	return g, nil
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

// A Discrepancy is a field of a certificate that recomputing gives another value of.
type Discrepancy struct{ Field, Claimed, Found string }

// Against compares a certificate with one that was recomputed, nil where nothing is recommended any more. What depends on
// the files and on the ledger, and not on the records, is left out.
func (c *Certificate) Against(again *Certificate) ([]Discrepancy, error) {
	if again == nil {
		return []Discrepancy{{"policy", c.Policy.SHA256, "nothing is certified"}}, nil
	}
	claimed, err := fields(c)
	if err != nil {
		return nil, err
	}
	found, err := fields(again)
	if err != nil {
		return nil, err
	}
	var out []Discrepancy
	for len(claimed)+len(found) > 0 { // both are in order of their paths' trees, and a path may be in one alone
		switch {
		case len(found) == 0 || len(claimed) > 0 && !slices.ContainsFunc(found, func(l leaf) bool { return l.path == claimed[0].path }):
			out = append(out, Discrepancy{claimed[0].path, claimed[0].value, "nothing"})
			claimed = claimed[1:]
		case len(claimed) == 0 || claimed[0].path != found[0].path:
			out = append(out, Discrepancy{found[0].path, "nothing", found[0].value})
			found = found[1:]
		default:
			if claimed[0].value != found[0].value {
				out = append(out, Discrepancy{claimed[0].path, claimed[0].value, found[0].value})
			}
			claimed, found = claimed[1:], found[1:]
		}
	}
	return out, nil
}

// A leaf is a value of a JSON text with the path that leads to it, such as limits[0].k.
type leaf struct{ path, value string }

// fields lists what a certificate says, by JSON paths in order, without what may differ between two computations of the same.
func fields(c *Certificate) ([]leaf, error) {
	rest := *c
	rest.Tool, rest.Inputs, rest.Use, rest.Withdrawn = "", nil, 0, ""
	text, err := json.Marshal(rest)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, err
	}
	return leaves("", tree), nil
}

func leaves(path string, tree any) (out []leaf) {
	switch tree := tree.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(tree)) {
			out = append(out, leaves(strings.TrimPrefix(path+"."+name, "."), tree[name])...)
		}
	case []any:
		for i, v := range tree {
			out = append(out, leaves(fmt.Sprintf("%s[%d]", path, i), v)...)
		}
	default:
		out = append(out, leaf{path, fmt.Sprint(tree)})
	}
	return out
}

// Digest identifies the records of a window by what a score-based policy can know of them: how many, and of what amount, share
// both scores or the lack of them, and the label. It depends neither on files, formats and order nor on rules and bands.
func (w *Window) Digest(p *replay.Policy) (string, error) {
	return w.digest(p, func(pile replay.Pile) uint64 { return scoresKey(pile)<<8 | uint64(pile.Label) })
}

// scoresKey tells apart what two products said.
func scoresKey(pile replay.Pile) uint64 {
	return uint64(pile.First.State)<<24 | uint64(pile.Second.State)
}

// digest hashes how many records, of what amount, share a key.
func (w *Window) digest(p *replay.Policy, keyOf func(replay.Pile) uint64) (string, error) {
	piles, err := w.cube.Piles(p)
	if err != nil {
		return "", err
	}
	type entry struct {
		key     uint64
		n, paid int64
	}
	var list []entry
	for pile := range piles {
		list = append(list, entry{keyOf(pile), pile.Records, pile.Amount})
	}
	slices.SortFunc(list, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %s %s to %s\n", p.First, p.Second, w.From, w.To)
	var line [24]byte
	for i := 0; i < len(list); {
		at := list[i]
		for i++; i < len(list) && list[i].key == at.key; i++ {
			at.n, at.paid = at.n+list[i].n, at.paid+list[i].paid
		}
		binary.BigEndian.PutUint64(line[:], at.key)
		binary.BigEndian.PutUint64(line[8:], uint64(at.n))
		binary.BigEndian.PutUint64(line[16:], uint64(at.paid))
		sum.Write(line[:])
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
