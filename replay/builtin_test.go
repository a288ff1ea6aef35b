package replay

import "testing"

func TestX(t *testing.T) {
	for _, n := range BuiltinNames() {
		p, _ := Builtin(n)
		y := p.YAML()
		t.Logf("\n%s\n%v", y, p.Lint())
		if _, err := ParsePolicy("x.yaml", y); err != nil {
			t.Error(err)
		}
	}
}
