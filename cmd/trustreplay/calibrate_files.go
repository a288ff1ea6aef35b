package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"github.com/trustreplay/trustreplay/reports"
	"github.com/urfave/cli/v2"
)

// calibrationOutputs checks what is asked of the outputs before the history is read.
func (e *env) calibrationOutputs(c *cli.Context) error {
	if n := c.Int("rollout"); n < 0 || n > calibrate.MaxRolloutSteps {
		return fmt.Errorf("--rollout must be 0..%d, got %d", calibrate.MaxRolloutSteps, n)
	}
	if file := c.String("picture"); file != "" {
		if _, err := reports.PictureFormat(file); err != nil {
			return err
		}
	}
	outs := []string{c.String("picture"), c.String("policy-out"), c.String("certificate"), c.String("out"), c.String("ledger")}
	if err := dataset.SameOutput(outs...); err != nil {
		return err
	}
	for _, name := range outs {
		if err := dataset.SameFile(name, inputs(c)); err != nil {
			return err
		}
	}
	for _, name := range outs[:3] {
		if name == "" {
			continue
		}
		f, err := e.create(name, nil) // so that what cannot be written is told before the answer, not after it
		if err != nil {
			return err
		}
		f.Abort()
	}
	if name := c.String("ledger"); name != "none" {
		if _, err := readLedger(name); err != nil { // before a long run, not after it
			return err
		}
	}
	return nil
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

// calibrationFiles writes what there is to write of the recommendation.
func (e *env) calibrationFiles(c *cli.Context, got *calibrate.Calibration, cert *calibrate.Certificate) error {
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
