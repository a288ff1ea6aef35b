package replay

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
)

// ParseBands reads bands from a command line: standard, quintile, or four rising edges such as 226,451,551,776, with or
// without brackets, within 1..1000.
func ParseBands(text string) (Bands, error) {
	for _, n := range bandNames {
		if n.name == text && !n.bands.Recorded() {
			return n.bands, nil
		}
	}
	fail := fmt.Errorf("bands %s: want standard, quintile or four rising edges within 1..%d such as 226,451,551,776", quoted(text), dataset.MaxScore)
	parts := strings.Split(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"), ",")
	var b Bands
	if len(parts) != len(b.Edges) {
		return Bands{}, fail
	}
	least := 1
	for i, part := range parts {
		edge, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || edge < least || edge > dataset.MaxScore {
			return Bands{}, fail
		}
		b.Edges[i], least = edge, edge+1
	}
	return b, nil
}
