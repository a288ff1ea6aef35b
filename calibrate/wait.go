package calibrate

import "github.com/trustreplay/trustreplay/replay"

// A Wait bounds the mean time to decision, in seconds, both bounds included. It is no interval of confidence: it holds for the
// records that were counted, at the latencies that were given.
type Wait struct{ Low, High Number }

// MeanWait divides the waits of a history by its records; both bounds are undefined where there are none.
func MeanWait(w replay.Wait) Wait {
	return Wait{Low: divide(w.Low, 1000*w.Records), High: divide(w.High, 1000*w.Records)}
}

// PerRecordOf returns a sum of money per record, in major units; undefined where there is no record.
func PerRecordOf(sum replay.Money, records int64) Number { return perMajor(int64(sum), records) }
