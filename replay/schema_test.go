package replay

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// compiledSchema returns a validator of policy files.
func compiledSchema(t *testing.T) func(src []byte) error {
	t.Helper()
	return validator(t, PolicySchema())
}

// validator returns a validator of YAML files by a JSON Schema.
func validator(t *testing.T, schemaText []byte) func(src []byte) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaText))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("policy.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("policy.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(src []byte) error {
		var file any // not yaml.YAMLToJSON, which writes escapes that JSON does not have
		if err := yaml.Unmarshal(src, &file); err != nil {
			return err
		}
		text, err := json.Marshal(file)
		if err != nil {
			return err
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return err
		}
		return schema.Validate(v)
	}
}

func TestSchemaAcceptsBuiltins(t *testing.T) {
	validate := compiledSchema(t)
	for _, name := range BuiltinNames() {
		p, _ := Builtin(name)
		src, _ := builtinFiles.ReadFile("policies/" + name + ".yaml")
		for _, text := range [][]byte{src, p.YAML()} {
			if err := validate(text); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// A mistake in a valid policy must be found by the parser and, where a schema can say it, by the schema.
func TestSchemaAndParserRefuse(t *testing.T) {
	validate := compiledSchema(t)
	p, _ := Builtin("table-waterfall")
	good := string(p.YAML())
	for _, tt := range []struct{ name, old, new string }{
		{"version", "policy: 1", "policy: 2"},
		{"no version", "policy: 1", ""},
		{"unknown key", "policy: 1", "policy: 1\nmode: fast"},
		{"name", "name: table-waterfall", "name: Table Waterfall"},
		{"no name", "name: table-waterfall", ""},
		{"product", "first: session", "first: sesion"},
		{"next without second", "second: onboarding ", "# "},
		{"bands", "session: recorded", "session: published"},
		{"three edges", "session: recorded", "session: [226, 451, 551]"},
		{"edge zero", "session: recorded", "session: [0, 451, 551, 776]"},
		{"edge 1001", "session: recorded", "session: [1, 451, 551, 1001]"},
		{"equal edges", "session: recorded", "session: [451, 451, 551, 776]"},
		{"gate action", "low: block, review: next", "low: reject, review: next"},
		{"gate row missing", "{missing: review, very_low: block, low: block, review: next", "{very_low: block, low: block, review: next"},
		{"gate row unknown", "{missing: review, very_low: block, low: block, review: next", "{absent: review, missing: review, very_low: block, low: block, review: next"},
		{"next in matrix", "high: step_up", "high: next"},
		{"unreachable row", "matrix:   ", "matrix:\n  low: {missing: block, very_low: block, low: block, review: block, high: block, very_high: block}\n#"},
		{"matrix row missing", "review: next", "review: review"},
		{"rule without then", "gate:", "rules: [{name: a, when: session.has_x}]\ngate:"},
		{"rule then next", "gate:", "rules: [{name: a, when: session.has_x, then: next}]\ngate:"},
		{"rule without name", "gate:", "rules: [{name: '', when: session.has_x, then: block}]\ngate:"},
		{"rules not a list", "gate:", "rules: {name: a, when: session.has_x, then: block}\ngate:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bad := strings.Replace(good, tt.old, tt.new, 1)
			if bad == good {
				t.Fatalf("%q is not in the policy", tt.old)
			}
			if _, err := ParsePolicy("bad.yaml", []byte(bad)); err == nil {
				t.Error("parser accepts it")
			}
			if err := validate([]byte(bad)); err == nil {
				t.Error("schema accepts it")
			}
		})
	}
	if err := validate([]byte(good)); err != nil {
		t.Errorf("the policy itself: %v", err)
	}
}
