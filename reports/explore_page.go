package reports

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
)

//go:embed assets/explore assets/uplot
var exploreAssets embed.FS

// exploreScripts are the page's own, in the order in which they need each other. Each becomes a script element of its own, so that
// the browser names the right lines, and all of them share their names.
var exploreScripts = []string{"dom", "cube", "policy", "count", "measures", "format", "curve", "state", "cutoffs", "grid", "chart", "numbers", "filters", "export", "main"}

// page puts the data into the file. Data is the page's, packed its cube.
func (x Explorer) page(data explorePage, packed []byte) ([]byte, error) {
	encoded, err := json.Marshal(data) // which escapes < > & and the line separators, so that no text can end the element
	if err != nil {
		return nil, err
	}
	var scripts, styles inlines
	licence := exploreAsset("assets/uplot/LICENSE")
	scripts.add("script", "/* uPlot "+uPlotVersion+"\n"+licence+"*/\n"+exploreAsset("assets/uplot/uPlot.iife.min.js"))
	for _, name := range exploreScripts {
		scripts.add("script", exploreAsset("assets/explore/"+name+".js")+"//# sourceURL=explore/"+name+".js\n")
	}
	styles.add("style", "/* uPlot "+uPlotVersion+", licence with its script */\n"+exploreAsset("assets/uplot/uPlot.min.css"))
	styles.add("style", exploreAsset("assets/explore/style.css"))
	policy := "default-src 'none'; script-src " + scripts.sources() + "; style-src " + styles.sources() + "; img-src data:; base-uri 'none'; form-action 'none'"
	next := ""
	if x.Champion.Second != "" {
		next = ", in the gate <kbd>n</kbd>ext"
	}
	text := func(s string) string { return html.EscapeString(clean(s)) }
	r := strings.NewReplacer(
		"{{policy}}", policy, "{{title}}", text(data.Title), "{{heading}}", text(data.Title), "{{source}}", text(data.Source),
		"{{styles}}", styles.text.String(), "{{scripts}}", scripts.text.String(), "{{next}}", next, "{{warnings}}", warningList(data.Warnings), "{{footer}}", x.footer(data),
		"{{data}}", string(encoded), "{{cube}}", base64.StdEncoding.EncodeToString(packed),
	)
	var out bytes.Buffer
	_, err = r.WriteString(&out, exploreAsset("assets/explore/page.html"))
	return out.Bytes(), err
}

// uPlotVersion is that of the embedded library.
const uPlotVersion = "1.6.32"

func exploreAsset(name string) string {
	b, err := exploreAssets.ReadFile(name)
	if err != nil {
		panic("reports: " + err.Error()) // it is embedded
	}
	return string(b)
}

// inlines are elements with text that the page's security policy names by their hashes, so that no other text runs.
type inlines struct {
	text   strings.Builder
	hashes []string
}

func (n *inlines) add(element, content string) {
	sum := sha256.Sum256([]byte(content))
	n.hashes = append(n.hashes, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	fmt.Fprintf(&n.text, "<%s>%s</%[1]s>\n", element, content)
}

func (n *inlines) sources() string { return strings.Join(n.hashes, " ") }

func warningList(warnings []string) string {
	if len(warnings) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(`<h3>Of the champion on all records</h3><ul class="doubts">`)
	for _, w := range warnings {
		b.WriteString("<li>" + html.EscapeString(clean(w)) + "</li>")
	}
	b.WriteString("</ul>")
	return b.String()
}

// footer says what the page is, and where the rest is from.
func (x Explorer) footer(data explorePage) string {
	var b strings.Builder
	line := func(s string) { b.WriteString("<p>" + html.EscapeString(clean(s)) + "</p>") }
	step := "Edges move by single scores."
	if data.Step > 1 {
		step = fmt.Sprintf("Edges move by %d scores, so that the page stays small; counts at these edges are exact.", data.Step)
	}
	line(fmt.Sprintf("%s records in %s rows of counts. %s No id and no text of a record is in this page, but for the values that it filters by.", thousands(data.Records), thousands(int64(data.Rows)), step))
	line("Champion " + data.Champion.Name + ", policy hash " + x.Champion.Hash() + ".")
	b.WriteString("<details><summary>uPlot " + uPlotVersion + " draws the curve; its licence</summary><pre>" + html.EscapeString(exploreAsset("assets/uplot/LICENSE")) + "</pre></details>")
	return b.String()
}

// warnings are the doubts about the champion on all records.
func (x Explorer) warnings() ([]string, error) {
	r, err := x.Cube.Run(x.Champion)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, w := range calibrate.Warnings(*r) {
		if w.Code != calibrate.UndecidedLeft && w.Code != calibrate.FewFrauds { // of which the page tells at each state
			out = append(out, w.Message)
		}
	}
	return out, nil
}
