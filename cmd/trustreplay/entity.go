package main

import (
	"fmt"

	"github.com/trustreplay/trustreplay/replay"
	"github.com/urfave/cli/v2"
)

// entityFlag says whose record it is.
func entityFlag() cli.Flag {
	return &cli.StringFlag{Name: "entity", Usage: "take records of one `FIELD`, such as account_id, as depending on each other: wider intervals, by Korn and Graubard"}
}

// depend completes a result with how its records fall to entities, where that was asked for.
func depend(cube *replay.Cube, r *replay.Result) error {
	whole, parts, err := cube.Dependence(r.Policy, r.By)
	if err != nil {
		return err
	}
	if !cube.HasEntities() && r.Total().N() > 0 {
		return fmt.Errorf("--entity %s: no record has that field", whole.Field)
	}
	r.Dependence = whole
	for i, d := range parts {
		r.Groups[i].Dependence = d
	}
	return nil
}
