package dataset

// SynthTreatments are the shares of a synthetic history's treatments that end in one way: made up, round, and the same in every
// history, so that what is measured can be held against them.
type SynthTreatments struct {
	StepUpGoodPass    float64 `json:"step_up_good_pass"`  // of legit customers; half of the others fail, half abandon
	StepUpFraudPass   float64 `json:"step_up_fraud_pass"` // of frauds
	ReviewSensitivity float64 `json:"review_sensitivity"` // of frauds, rejected
	ReviewSpecificity float64 `json:"review_specificity"` // of legit customers, approved
}

var synthTreatments = SynthTreatments{0.92, 0.10, 0.80, 0.95}

// outcome returns the field and the value of what came of a record's step-up or review, "" where it had none. It takes no draw, so
// that a history with outcomes holds the same records as one without.
func (s *synthesizer) outcome(r *synthRecord) (field, value string) {
	u := float64(scramble(s.Seed^scramble(uint64(r.n)+1))>>11) / (1 << 53)
	switch r.action {
	case StepUp:
		pass := synthTreatments.StepUpGoodPass
		if r.fraud {
			pass = synthTreatments.StepUpFraudPass
		}
		switch {
		case u < pass:
			return StepUpOutcome, "passed"
		case u < (1+pass)/2:
			return StepUpOutcome, "failed"
		}
		return StepUpOutcome, "abandoned"
	case Review:
		approve := synthTreatments.ReviewSpecificity
		if r.fraud {
			approve = 1 - synthTreatments.ReviewSensitivity
		}
		if u < approve {
			return ReviewOutcome, "approved"
		}
		return ReviewOutcome, "rejected"
	}
	return "", ""
}
