package reports

import "github.com/trustreplay/trustreplay/replay"

// Flags arranges the library of red flags: what the guide says, and how the condition reads it.
func Flags(list []replay.Flag) Document {
	d := Document{Title: "Red flags across session and onboarding", Tidy: &Table{Columns: []Column{{Name: "flag"}, {Name: "then"}, {Name: "session"},
		{Name: "onboarding"}, {Name: "risk"}, {Name: "when"}, {Name: "reading"}}}}
	d.Blocks = append(d.Blocks, Paragraph("From the "+replay.FlagSource+". The words are the guide's; conditions and actions are how this program reads them, and yours to edit: "+
		"trustreplay policy show --with FLAG POLICY prints a policy with a flag as its first rule. trustreplay inspect counts them on a history."))
	data := []libraryJSON{}
	for _, f := range list {
		then := f.Then.String()
		d.Blocks = append(d.Blocks, KeyValues{Caption: f.Name, Pairs: []Pair{{"session", textCell(f.Session)}, {"onboarding", textCell(f.Onboarding)},
			{"risk", textCell(f.Risk)}, {"when", textCell(f.When.Source)}, {"then", textCell(then)}, {"reading", textCell(f.Reading)}}})
		d.Tidy.line(nil, f.Name, then, f.Session, f.Onboarding, f.Risk, f.When.Source, f.Reading)
		data = append(data, libraryJSON{f.Name, f.Session, f.Onboarding, f.Risk, replay.FlagSource, f.When.Source, then, f.Reading})
	}
	d.Data = struct {
		SchemaVersion int           `json:"schema_version"`
		Flags         []libraryJSON `json:"flags"`
	}{schemaVersion, data}
	return d
}

// libraryJSON is a flag as policy flags prints it.
type libraryJSON struct {
	Name       string `json:"name"`
	Session    string `json:"session"`
	Onboarding string `json:"onboarding"`
	Risk       string `json:"risk"`
	Source     string `json:"source"`
	When       string `json:"when"`
	Then       string `json:"then"`
	Reading    string `json:"reading"`
}
