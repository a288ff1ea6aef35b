package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/urfave/cli/v2"
)

// maxLedger is room for tens of thousands of calibrations by month.
const maxLedger = 64 << 20

// readLedger reads a ledger file; one that does not exist yet is empty.
func readLedger(name string) (*calibrate.Ledger, error) {
	src, err := readUpTo(name, maxLedger)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return calibrate.ParseLedger(name, src)
}

// enter writes a use into the ledger file and returns its number. It is called before anything of the answer is shown: records
// that were looked at are spent, whatever becomes of the rest.
func (e *env) enter(c *cli.Context, name string, use calibrate.LedgerUse) (number int, err error) {
	unlock, err := lockLedger(c, name)
	if err != nil {
		return 0, err
	}
	defer unlock()
	ledger, err := readLedger(name) // again: another run may have entered its own since
	if err != nil {
		return 0, err
	}
	number = ledger.Enter(use)
	return number, e.file(c, name, jsonText(ledger))
}

// lockWait is how long a run waits for another to finish writing a ledger, which takes milliseconds.
const lockWait = 5 * time.Second

// lockLedger makes a file beside the ledger that only one run can make at a time, so that two runs cannot overwrite each
// other's uses.
func lockLedger(c *cli.Context, name string) (unlock func(), err error) {
	if st, err := os.Stat(name); err == nil && !st.Mode().IsRegular() {
		return func() {}, nil // /dev/null remembers nothing
	}
	lock := name + ".lock"
	for end := time.Now().Add(lockWait); ; {
		f, err := os.OpenFile(lock, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		if err == nil {
			f.Close()
			return func() { os.Remove(lock) }, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return func() {}, nil // no file can be made there, which writing the ledger tells better
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("%s exists: another run is writing the ledger %s; remove the file if none is", lock, name)
		}
		select {
		case <-c.Context.Done():
			return nil, c.Context.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
