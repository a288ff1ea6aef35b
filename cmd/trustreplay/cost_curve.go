package main

import (
	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

// costCurveFlag asks which policy costs least at which ratio of a fraud's loss to a good customer's margin.
func costCurveFlag() cli.Flag {
	return &cli.BoolFlag{Name: "cost-curve", Usage: "add which policy costs least, by what a fraud loses for each margin of a good customer, beside approving and blocking all"}
}

// withCostCurve adds the curve of results to their document where it was asked for.
func withCostCurve(c *cli.Context, d reports.Document, results []replay.Result) reports.Document {
	if !c.Bool("cost-curve") {
		return d
	}
	return reports.WithCostCurve(d, calibrate.NewCostCurve(results), results)
}
