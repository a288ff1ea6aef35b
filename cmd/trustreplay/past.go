package main

import (
	"fmt"

	"github.com/trustreplay/trustreplay/replay"
	"github.com/urfave/cli/v2"
)

// historyPolicyFlag says what production ran.
func historyPolicyFlag() cli.Flag {
	return &cli.StringFlag{Name: "history-policy", Usage: "the `POLICY` that production ran where a record carries no action: a YAML file or a built-in name"}
}

// remember makes a question know what production did: the actions that records carry, and the policy of --history-policy where
// they carry none.
func remember(c *cli.Context, q *replay.Question) error {
	q.Past = true
	name := c.String("history-policy")
	if name == "" {
		return notEmpty(c, "history-policy")
	}
	var err error
	if q.HistoryPolicy, err = policy(name); err != nil {
		return fmt.Errorf("--history-policy: %w", err)
	}
	return nil
}
