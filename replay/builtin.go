package replay

import (
	"embed"
	"fmt"
	"slices"
)

//go:embed policies/*.yaml
var builtinFiles embed.FS

// builtinNames orders the built-in policies as the vendor's pages introduce them.
var builtinNames = []string{"guide-onboarding", "guide-session", "guide-login", "login-recommended", "guide-waterfall",
	"guide-combined", "table-waterfall", "table-combined"}

// BuiltinNames returns the names of the built-in policies.
func BuiltinNames() []string { return slices.Clone(builtinNames) }

// Builtin returns a built-in policy: the sample code of the vendor's guides, decision for decision, and their table. Where
// the code would fail on a response without a cluster, the policy does what it does without a response.
func Builtin(name string) (*Policy, bool) {
	if !slices.Contains(builtinNames, name) {
		return nil, false
	}
	file := "policies/" + name + ".yaml"
	src, err := builtinFiles.ReadFile(file)
	if err != nil {
		panic(fmt.Sprintf("replay: built-in policy %s: %v", name, err))
	}
	p, err := ParsePolicy(file, src)
	if err != nil {
		panic(fmt.Sprintf("replay: built-in policy: %v", err))
	}
	return p, true
}
