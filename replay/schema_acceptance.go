package replay

import (
	"encoding/json"
	"fmt"

	"github.com/invopop/jsonschema"
)

// AcceptanceSchema returns the JSON Schema (draft 2020-12) of an acceptance file, for editors. measures are those that a limit
// can be about. What it cannot say, such as which unit fits which measure and which has a bound, ParseAcceptance checks.
func AcceptanceSchema(measures []Measurable) []byte {
	limits := &jsonschema.Schema{Type: "array", MinItems: new(uint64(1)), MaxItems: new(uint64(maxCriteria)), Items: criterionSchema(measures),
		Description: "Limits that the challenger must keep; each bound is itself allowed."}
	field := &jsonschema.Schema{Type: "string", MinLength: new(uint64(1))}
	segments := object(segmentsKeys, map[string]*jsonschema.Schema{
		"by":          {Type: "array", MinItems: new(uint64(1)), Items: field, UniqueItems: true, Description: "Fields of the record, or month; where left out, those of --by."},
		"min_labeled": {Type: "integer", Minimum: "0", Maximum: "999999999", Description: "A group with fewer labeled records is told, not judged."},
		"limits":      limits,
	})
	segments.Required = []string{"limits"}
	segments.Description = "Limits that every group of records must keep by itself."
	s := object(acceptanceKeys, map[string]*jsonschema.Schema{
		"acceptance": {Type: "integer", Enum: []any{AcceptanceVersion}, Description: "Version of the acceptance format."},
		"limits":     limits,
		"segments":   segments,
	})
	s.Version = jsonschema.Version
	s.Title = "trustreplay acceptance"
	s.Required = []string{"acceptance"}
	s.AnyOf = []*jsonschema.Schema{required("limits"), required("segments")}
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("replay: acceptance schema: %v", err))
	}
	return append(out, '\n')
}

// criterionSchema is the schema of one limit: a measure and exactly one bound.
func criterionSchema(measures []Measurable) *jsonschema.Schema {
	names := make([]string, len(measures))
	for i, m := range measures {
		names[i] = m.Name
	}
	properties := map[string]*jsonschema.Schema{"measure": enum(names), "on": enum(onNames)}
	properties["on"].Description = "Hold the value that was counted, or the one-sided confidence bound that hurts."
	var one []*jsonschema.Schema
	for _, f := range criterionForms {
		properties[f.key] = boundSchema(f.kind)
		one = append(one, required(f.key))
	}
	s := object(criterionKeys, properties)
	s.Required = []string{"measure"}
	s.OneOf = one
	return s
}

// boundSchema is the schema of a bound: as text with or without a unit, or as a number.
func boundSchema(k Kind) *jsonschema.Schema {
	const decimal = `(0|[1-9][0-9]*)(\.[0-9]+)?`
	of := func(description, pattern string, numbers *jsonschema.Schema) *jsonschema.Schema {
		return &jsonschema.Schema{Description: description, AnyOf: []*jsonschema.Schema{numbers, {Type: "string", Pattern: pattern}}}
	}
	switch k {
	case Change:
		return of("Challenger less champion: -0.5pp or 50bps for a share.", "^[-+]?"+decimal+"( ?(pp|bps))?$", &jsonschema.Schema{Type: "number"})
	case Times:
		return of("A factor of the champion's value, above 0.", `^\+?`+decimal+"$", &jsonschema.Schema{Type: "number", ExclusiveMinimum: "0"})
	default:
		return of("The challenger's: 0.5%, 50bps or 0.005 for a share.", "^[-+]?"+decimal+"( ?(%|bps))?$", &jsonschema.Schema{Type: "number"})
	}
}

// object is the schema of a mapping with these keys, in this order, and no other.
func object(keys []string, properties map[string]*jsonschema.Schema) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema}
	for _, k := range keys {
		s.Properties.Set(k, properties[k])
	}
	return s
}
