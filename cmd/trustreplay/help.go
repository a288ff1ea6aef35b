package main

import "runtime/debug"

const appHelp = `{{.Name}} - {{.Usage}}

Usage: trustreplay VERB [flags] FILE...     (flags before or after files, - is stdin)

Verbs:
{{range .VisibleCommands}}  {{printf "%-10s" .Name}}{{.Usage}}
{{end}}
Start with:
  trustreplay init demo
  trustreplay inspect history.jsonl.gz
  trustreplay replay --policy table-waterfall history.jsonl.gz

Each verb explains itself: trustreplay VERB --help
Exit codes: 0 done, 1 the answer is no, 2 no answer (usage, data, I/O), 130 interrupted.
`

const verbHelp = `{{.HelpName}} - {{.Usage}}

Usage: {{if .UsageText}}{{.UsageText}}{{else}}{{.HelpName}}{{end}}
{{if .VisibleCommands}}
Verbs:
{{range .VisibleCommands}}  {{printf "%-10s" .Name}}{{.Usage}}
{{end}}{{end}}{{if .Description}}
{{.Description}}
{{end}}{{if .VisibleFlags}}
Flags:
{{range .VisibleFlags}}  {{.}}
{{end}}{{end}}`

// version is the module's version, as the go command recorded it.
func version() string {
	info, found := debug.ReadBuildInfo()
	if !found || info.Main.Version == "" {
		return "devel"
	}
	return info.Main.Version
}
