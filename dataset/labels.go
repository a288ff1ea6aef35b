package dataset

// Labels are outcomes by id, read from files of their own.
type Labels struct {
	// Key is the field that the labels are keyed by: customer_id, session_id or resolution_id.
	Key string
}

func (l *Labels) join(b *Batch, fields []Field) {}
