package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

// calibrationOutputs checks what is asked of the outputs before the history is read.
func calibrationOutputs(c *cli.Context) error {
	if n := c.Int("rollout"); n < 0 || n > calibrate.MaxRolloutSteps {
		return fmt.Errorf("--rollout must be 0..%d, got %d", calibrate.MaxRolloutSteps, n)
	}
	if file := c.String("picture"); file != "" {
		if _, err := reports.PictureFormat(file); err != nil {
			return err
		}
	}
	return dataset.SameOutput(c.String("picture"), c.String("policy-out"), c.String("certificate"), c.String("out"), c.String("ledger"))
}

// certificateOf completes a certificate with what the library does not know: the program and the files.
func certificateOf(got *calibrate.Calibration, cube *replay.Cube, q replay.Question) (*calibrate.Certificate, error) {
	cert, err := got.Certificate()
	if cert == nil || err != nil {
		return nil, err
	}
	cert.Tool, cert.AbsentMissing = "trustreplay "+version(), q.AbsentMissing
	if q.Maturity.Days > 0 {
		cert.Maturity = &calibrate.MaturityID{Days: q.Maturity.Days, AsOf: q.Maturity.AsOf}
	}
	for _, f := range cube.Account.Files {
		cert.Inputs = append(cert.Inputs, calibrate.InputID{File: filepath.Base(f.Name), SHA256: f.SHA256, Records: f.Records})
	}
	return cert, nil
}

// readLedger returns nil where none is to be kept.
func readLedger(file string) (*calibrate.Ledger, error) {
	if file == "none" {
		return nil, nil
	}
	src, err := readFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return calibrate.ParseLedger(file, src)
}

// enter notes a calibration in a ledger, if one is kept, and withdraws the certificate if its records carried one before.
func enter(ledger *calibrate.Ledger, got *calibrate.Calibration, cube *replay.Cube, cert *calibrate.Certificate) error {
	if ledger == nil {
		return nil
	}
	use, err := got.Use(cube)
	if err != nil {
		return err
	}
	if n := ledger.Enter(use); cert != nil {
		cert.Withdraw(n)
	}
	return nil
}

// calibrationFiles writes the ledger first: records that were looked at are spent, whatever becomes of the rest.
func (e *env) calibrationFiles(c *cli.Context, got *calibrate.Calibration, cert *calibrate.Certificate, ledger *calibrate.Ledger) error {
	if ledger != nil {
		if err := e.file(c, c.String("ledger"), jsonText(ledger)); err != nil {
			return err
		}
	}
	at, found := got.Recommendation()
	if !found {
		return nil
	}
	if name := c.String("policy-out"); name != "" {
		if err := e.file(c, name, at.Policy.YAML()); err != nil {
			return err
		}
	}
	if name := c.String("certificate"); name != "" {
		return e.file(c, name, jsonText(cert))
	}
	return nil
}

// frontierPicture draws what was found, where a picture is asked for.
func (e *env) frontierPicture(c *cli.Context, got *calibrate.Calibration, evidence reports.Evidence) error {
	file := c.String("picture")
	if file == "" {
		return nil
	}
	format, err := reports.PictureFormat(file)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := reports.WritePicture(&b, reports.FrontierPicture(got, evidence), format); err != nil {
		return err
	}
	return e.file(c, file, b.Bytes())
}

// jsonText prints a value as JSON, with signs such as <= as they are.
func jsonText(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		panic("trustreplay: " + err.Error()) // structs of our own
	}
	return b.Bytes()
}
