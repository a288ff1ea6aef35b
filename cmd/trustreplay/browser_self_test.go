package main

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBrowserFinds checks the checker: each fault that a page can be at is found, and a page without one has none.
func TestBrowserFinds(t *testing.T) {
	const strict = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'">`
	p := newPage(t)
	for _, c := range []struct{ name, page, want string }{
		{"nothing", `<p>calm<script>console.log("fine")</script>`, ""},
		{"console", `<script>console.error("oh", 7)</script>`, `console error: "oh" 7`},
		{"assertion", `<script>console.assert(false, "oh")</script>`, "console error"},
		{"exception", `<script>undefinedName()</script>`, "undefinedName is not defined"},
		{"promise", `<script>Promise.reject(new Error("oh"))</script>`, "oh"},
		{"picture", `<img src="http://127.0.0.1:9/a.png">`, "request of http://127.0.0.1:9/a.png"},
		{"style", `<link rel="stylesheet" href="https://example.com/a.css">`, "request of https://example.com/a.css"},
		{"fetch", `<script>fetch("https://example.com/").catch(() => {})</script>`, "request of https://example.com/"},
		{"policy", strict + `<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">`, "content security policy does not allow img-src"},
		{"evaluation", strict + `<script>try { eval("1") } catch { }</script>`, "content security policy does not allow script-src"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "page.html")
			if err := os.WriteFile(file, []byte("<!doctype html><title>t</title>"+c.page), 0o644); err != nil {
				t.Fatal(err)
			}
			p.forget()
			p.goTo(file, "")
			p.until("document.readyState === 'complete'")
			found := strings.Join(p.found(), "\n")
			if c.want == "" && found != "" || !strings.Contains(found, c.want) {
				t.Errorf("found %q, want %q", found, c.want)
			}
		})
	}
}

// TestBrowserHands checks that mouse, keys, downloads and screenshots of the helpers are real.
func TestBrowserHands(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.html")
	const src = `<!doctype html><title>t</title><style>body{background:#fff}@media (prefers-color-scheme:dark){body{background:#000}}</style>
<input id="slide" type="range" min="0" max="100" value="50" style="width:400px"><input id="field"><output id="heard"></output>
<a id="get" download="told.txt" href="data:text/plain,told">get</a>
<div style="height:3000px"></div><button id="far">far</button>
<script>document.querySelector("#far").onclick = (e) => { document.querySelector("#heard").textContent = e.isTrusted ? "trusted" : "faked" }</script>`
	if err := os.WriteFile(file, []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
	p := openPage(t, file, "part")
	if got := evaluate[string](p, "location.hash"); got != "#part" {
		t.Errorf("fragment %q", got)
	}
	if evaluate[bool](p, "navigator.onLine") {
		t.Error("the page believes to be on line")
	}
	p.click("#far")
	p.until(`document.querySelector("#heard").textContent === "trusted"`)
	p.drag("#slide", 100, 0)
	if v := evaluate[string](p, `document.querySelector("#slide").value`); v < "70" || v > "80" {
		t.Errorf("dragged by a quarter of its length, the slider stands at %s", v)
	}
	p.click("#field")
	p.keys("abc")
	if v := evaluate[string](p, `document.querySelector("#field").value`); v != "abc" {
		t.Errorf("typed abc, the field holds %q", v)
	}
	p.click("#get")
	if b := p.downloaded("told.txt"); string(b) != "told" {
		t.Errorf("downloaded %q", b)
	}
	for scheme, want := range map[string]uint32{"light": 0xffff, "dark": 0} {
		b, err := os.ReadFile(p.screenshot("self", scheme))
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if r, _, _, _ := img.At(1, 1).RGBA(); r != want {
			t.Errorf("%s: the page's corner is %x, want %x", scheme, r, want)
		}
		if h := img.Bounds().Dy(); h < 3000 {
			t.Errorf("the screenshot is %d high, want the whole page", h)
		}
	}
}
