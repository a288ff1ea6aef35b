package dataset

import (
	"math"
	"math/rand/v2"
)

// A bell is a normal variable that is rounded and clipped to a score.
type bell struct{ mean, sd float64 }

// draw returns a score. The conversion keeps the compiler from fusing product and sum, which would make the history depend
// on the processor.
func (b bell) draw(r *rand.Rand) int { return clipScore(b.mean + float64(b.sd*r.NormFloat64())) }

func clipScore(x float64) int { return int(min(max(math.Round(x), 0), MaxScore)) }

// between returns P(low <= score <= high) for 0 <= low <= high <= 1000.
func (b bell) between(low, high int) float64 {
	from, to := math.Inf(-1), math.Inf(1)
	if low > 0 {
		from = (float64(low) - 0.5 - b.mean) / b.sd
	}
	if high < MaxScore {
		to = (float64(high) + 0.5 - b.mean) / b.sd
	}
	if from > 0 {
		from, to = -to, -from // the lower tail keeps its digits where 1 - tail loses them
	}
	return normalCDF(to) - normalCDF(from)
}

func normalCDF(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// A profile is a column of the tables of signals and reason codes.
type profile uint8

const (
	plainProfile     profile = iota // nothing special
	privateProfile                  // legit behind VPN and privacy tools
	automatedProfile                // bots, emulators
	identityProfile                 // made-up or stolen identities on real devices
	numProfiles
)

// A synthKind is a sort of people who come with similar scores.
type synthKind struct {
	fraud               bool
	weight              float64 // within fraud or legit, where the weights add up to 1
	session, onboarding bell
	profile             profile
}

// legitKinds are the same in every population. They are chosen, not fitted: about a third of the sessions falls in the
// review cluster, because the guide tells that 60-70 % score clearly high or low ("Session + Onboarding Guide", approach 1).
var legitKinds = []synthKind{
	{weight: 0.52, session: bell{765, 95}, onboarding: bell{740, 105}, profile: plainProfile},
	{weight: 0.43, session: bell{506, 40}, onboarding: bell{690, 125}, profile: plainProfile},
	{weight: 0.05, session: bell{400, 90}, onboarding: bell{520, 150}, profile: privateProfile},
}

// synthKinds holds the kinds of each population.
var synthKinds = map[string][]synthKind{
	SynthInformative: append(legitKinds[:3:3],
		synthKind{true, 0.60, bell{350, 130}, bell{350, 150}, automatedProfile},
		synthKind{true, 0.40, bell{540, 120}, bell{450, 140}, identityProfile}),
	SynthTwoKinds: append(legitKinds[:3:3],
		synthKind{true, 0.50, bell{260, 110}, bell{700, 125}, automatedProfile},
		synthKind{true, 0.50, bell{680, 130}, bell{290, 120}, identityProfile}),
	SynthUseless: append(legitKinds[:3:3], asFraud(legitKinds)...),
}

// asFraud returns fraud that cannot be told from legit.
func asFraud(legit []synthKind) []synthKind {
	var out []synthKind
	for _, k := range legit {
		k.fraud = true
		out = append(out, k)
	}
	return out
}

// FraudProbability returns P(fraud | session score, onboarding score) under the model of Synth. A negative score is one that
// is not known: FraudProbability(s, -1) is what the gate of a waterfall faces. For a login history session is the login
// score. The label is the true one, before LabelNoise. It is NaN for a score above 1000 or options that Synth refuses.
func (o SynthOptions) FraudProbability(session, onboarding int) float64 {
	o, err := o.resolve()
	if err != nil || session > MaxScore || onboarding > MaxScore {
		return math.NaN()
	}
	p, _ := o.zeroed().model(onlyScore(session), onlyScore(onboarding))
	return p
}

// A scoreRange is a range of scores, both ends included.
type scoreRange struct{ low, high int }

// onlyScore returns the range of one score, or of all scores for a negative one.
func onlyScore(s int) scoreRange {
	if s < 0 {
		return scoreRange{0, MaxScore}
	}
	return scoreRange{s, s}
}

// model returns P(fraud | region) and P(region) for a rectangle of scores, under zeroed options.
func (o SynthOptions) model(session, onboarding scoreRange) (fraud, share float64) {
	var p [2]float64
	for _, k := range synthKinds[o.Population] {
		both := k.weight * k.session.between(session.low, session.high) * k.onboarding.between(onboarding.low, onboarding.high)
		if k.fraud {
			p[1] += both * o.FraudRate
		} else {
			p[0] += both * (1 - o.FraudRate)
		}
	}
	return p[1] / (p[0] + p[1]), p[0] + p[1]
}

// clusterScores are the scores of each cluster in the recorded responses: the bands of the guide's scorecard.
var clusterScores = [NumClusters]scoreRange{VeryLow: {0, 225}, Low: {226, 450}, ReviewCluster: {451, 550}, High: {551, 775}, VeryHigh: {776, MaxScore}}

// scorecard returns the cluster that the synthetic responses record for a score.
func scorecard(score int) Cluster {
	c := VeryLow
	for score > clusterScores[c].high {
		c++
	}
	return c
}
