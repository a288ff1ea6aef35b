package replay

import (
	"encoding/json"
	"fmt"

	"github.com/invopop/jsonschema"

	"github.com/trustreplay/trustreplay/dataset"
)

// The types below are the form of a policy file, from which its JSON Schema is generated.
//
// Note: the parser does not decode into them, because it reports every mistake at its place; a test holds the two together.
type policyFile struct {
	Policy      int           `json:"policy" jsonschema:"enum=1" jsonschema_description:"Version of the policy format."`
	Name        string        `json:"name" jsonschema:"pattern=^[a-z0-9._-]+$,maxLength=100" jsonschema_description:"Name of the policy in results."`
	Description string        `json:"description,omitempty" jsonschema_description:"What the policy is for."`
	First       productName   `json:"first" jsonschema_description:"The product asked first."`
	Second      productName   `json:"second,omitempty" jsonschema_description:"The product asked where the gate says next; leave out for a one-product policy."`
	Clusters    *clustersFile `json:"clusters,omitempty" jsonschema_description:"How each product's score becomes a cluster; recorded where left out."`
	Rules       []ruleFile    `json:"rules,omitempty" jsonschema:"maxItems=64" jsonschema_description:"In order, the first that holds decides, before gate and matrix."`
	Gate        *gateFile     `json:"gate,omitempty" jsonschema_description:"The action for each cluster of the first product, or next: ask the second. Left out with a second product: next everywhere."`
	Matrix      *matrixFile   `json:"matrix,omitempty" jsonschema_description:"A row for each first cluster whose gate says next, with the action for each cluster of the second product."`
}

type clustersFile struct {
	Session    *bandsFile `json:"session,omitempty"`
	Onboarding *bandsFile `json:"onboarding,omitempty"`
	Login      *bandsFile `json:"login,omitempty"`
	Phone      *bandsFile `json:"phone,omitempty"`
	Email      *bandsFile `json:"email,omitempty"`
	IP         *bandsFile `json:"ip,omitempty"`
	Browser    *bandsFile `json:"browser,omitempty"`
}

type ruleFile struct {
	Name string     `json:"name" jsonschema:"minLength=1,maxLength=100" jsonschema_description:"Name of the rule in results, unlike any other."`
	When string     `json:"when" jsonschema:"minLength=1,maxLength=4096" jsonschema_description:"Expression over the record's fields, such as session.has_ai_agent or \"RP001\" in onboarding.phone.reason_codes. A missing field is false."`
	Then actionName `json:"then"`
}

type gateFile struct {
	Missing  stepFile `json:"missing" jsonschema_description:"No response."`
	VeryLow  stepFile `json:"very_low"`
	Low      stepFile `json:"low"`
	Review   stepFile `json:"review"`
	High     stepFile `json:"high"`
	VeryHigh stepFile `json:"very_high"`

	Unclustered stepFile `json:"unclustered,omitempty" jsonschema_description:"A response without a cluster; as missing where left out."`
}

type matrixFile struct {
	Missing  *rowFile `json:"missing,omitempty"`
	VeryLow  *rowFile `json:"very_low,omitempty"`
	Low      *rowFile `json:"low,omitempty"`
	Review   *rowFile `json:"review,omitempty"`
	High     *rowFile `json:"high,omitempty"`
	VeryHigh *rowFile `json:"very_high,omitempty"`

	Unclustered *rowFile `json:"unclustered,omitempty" jsonschema_description:"A response without a cluster; as missing where left out."`
}

type rowFile struct {
	Missing  actionName `json:"missing" jsonschema_description:"No response of the second product."`
	VeryLow  actionName `json:"very_low"`
	Low      actionName `json:"low"`
	Review   actionName `json:"review"`
	High     actionName `json:"high"`
	VeryHigh actionName `json:"very_high"`

	Unclustered actionName `json:"unclustered,omitempty" jsonschema_description:"A response without a cluster; as missing where left out."`
}

type (
	productName string
	actionName  string
	stepFile    string
	bandsFile   struct{}
)

func (productName) JSONSchema() *jsonschema.Schema { return enum(dataset.Products) }
func (actionName) JSONSchema() *jsonschema.Schema  { return enum(actionNames) }

func (stepFile) JSONSchema() *jsonschema.Schema {
	return enum(append(names(dataset.Actions), nextName))
}

func (bandsFile) JSONSchema() *jsonschema.Schema {
	var bands []string
	for _, n := range bandNames {
		bands = append(bands, n.name)
	}
	four := uint64(len(Bands{}.Edges))
	edge := &jsonschema.Schema{Type: "integer", Minimum: "1", Maximum: json.Number(fmt.Sprint(dataset.MaxScore))}
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
		enum(bands),
		{Type: "array", Items: edge, MinItems: &four, MaxItems: &four, UniqueItems: true,
			Description: "The inclusive lower edges of low, review, high and very_high, rising."},
	}}
}

func enum(values []string) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, v := range values {
		s.Enum = append(s.Enum, v)
	}
	return s
}

// JSONSchemaExtend adds what the parts of a policy require of each other.
func (policyFile) JSONSchemaExtend(s *jsonschema.Schema) {
	second, gate := required("second"), required("gate")
	s.AnyOf = []*jsonschema.Schema{second, gate}
	s.DependentRequired = map[string][]string{"matrix": {"second"}}
	says := func(c, step string) *jsonschema.Schema { return nested("gate", c, &jsonschema.Schema{Const: step}) }
	for _, c := range clusterNames {
		row := nested("matrix", c, jsonschema.TrueSchema)
		s.AllOf = append(s.AllOf,
			&jsonschema.Schema{If: says(c, nextName), Then: row},
			&jsonschema.Schema{If: says(c, nextName), Then: second},
			&jsonschema.Schema{If: gate, Then: &jsonschema.Schema{If: row, Then: says(c, nextName)}},
			&jsonschema.Schema{If: gate, Else: row})
	}
}

func required(key string) *jsonschema.Schema { return &jsonschema.Schema{Required: []string{key}} }

// nested is the schema of an object whose outer[inner] exists and is as s says.
func nested(outer, inner string, s *jsonschema.Schema) *jsonschema.Schema {
	property := func(key string, v *jsonschema.Schema) *jsonschema.Schema {
		o := required(key)
		o.Properties = jsonschema.NewProperties()
		o.Properties.Set(key, v)
		return o
	}
	return property(outer, property(inner, s))
}

// PolicySchema returns the JSON Schema (draft 2020-12) of a policy file, for editors. What it cannot say, such as that
// edges rise, rule names differ and conditions compile, ParsePolicy checks.
func PolicySchema() []byte {
	r := jsonschema.Reflector{Anonymous: true, ExpandedStruct: true}
	s := r.Reflect(&policyFile{})
	s.Title = "trustreplay policy"
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("replay: policy schema: %v", err))
	}
	return append(out, '\n')
}
