package dataset

// A synthSign is something that a response says of a record, with its probability by profile, in the order plain, private,
// automated, identity. The values are made up, to be plausible and to differ in how much they tell.
type synthSign struct {
	name string
	p    [numProfiles]float64
}

// The session signals that other parts of the record need.
const (
	automatedSignal = 0
	vpnSignal       = 7
	numSignals      = 12
	numCodes        = 30
)

// sessionSigns are the boolean fields of the session response.
var sessionSigns = [numSignals]synthSign{
	automatedSignal: {"has_automated_browser", [numProfiles]float64{0.001, 0.008, 0.35, 0.01}},
	{"has_ai_agent", [numProfiles]float64{0.001, 0.006, 0.10, 0.01}},
	{"has_spoofed_device", [numProfiles]float64{0.002, 0.02, 0.25, 0.06}},
	{"navigator_web_driver", [numProfiles]float64{0.0005, 0.004, 0.28, 0.005}},
	{"has_headless_user_agent", [numProfiles]float64{0.0005, 0.002, 0.15, 0.002}},
	{"has_suspicious_resolution", [numProfiles]float64{0.01, 0.04, 0.30, 0.04}},
	{"user_agent_match", [numProfiles]float64{0.99, 0.95, 0.60, 0.96}},
	vpnSignal: {"ip_is_vpn", [numProfiles]float64{0.02, 0.45, 0.30, 0.25}},
	{"ip_is_proxy", [numProfiles]float64{0.004, 0.05, 0.25, 0.12}},
	{"ip_is_tor", [numProfiles]float64{0.0005, 0.03, 0.06, 0.03}},
	{"ip_is_hosting", [numProfiles]float64{0.004, 0.06, 0.30, 0.08}},
	{"ip_is_mobile", [numProfiles]float64{0.40, 0.15, 0.10, 0.30}},
}

// A hubClaim is a part of the hub response, with the range of its reason codes in claimCodes.
type hubClaim struct {
	name     string
	from, to int
}

var hubClaims = [...]hubClaim{{"score", 0, 6}, {"phone", 6, 14}, {"email", 14, 22}, {"ip", 22, 30}}

// claimCodes are the reason codes: R for risk, T for trust. The guide calls RP001, RE002, RE005 and RI003 critical.
var claimCodes = [numCodes]synthSign{
	{"RC001", [numProfiles]float64{0.02, 0.10, 0.25, 0.45}},
	{"RC002", [numProfiles]float64{0.01, 0.06, 0.20, 0.30}},
	{"RC003", [numProfiles]float64{0.03, 0.08, 0.12, 0.15}},
	{"TC001", [numProfiles]float64{0.60, 0.40, 0.15, 0.10}},
	{"TC002", [numProfiles]float64{0.45, 0.30, 0.10, 0.12}},
	{"TC003", [numProfiles]float64{0.20, 0.20, 0.15, 0.15}},
	{"RP001", [numProfiles]float64{0.004, 0.02, 0.15, 0.25}},
	{"RP002", [numProfiles]float64{0.01, 0.03, 0.12, 0.15}},
	{"RP003", [numProfiles]float64{0.02, 0.04, 0.08, 0.10}},
	{"RP004", [numProfiles]float64{0.03, 0.05, 0.05, 0.05}},
	{"TP001", [numProfiles]float64{0.70, 0.50, 0.25, 0.15}},
	{"TP002", [numProfiles]float64{0.50, 0.35, 0.20, 0.12}},
	{"TP003", [numProfiles]float64{0.25, 0.20, 0.10, 0.08}},
	{"TP004", [numProfiles]float64{0.10, 0.10, 0.08, 0.08}},
	{"RE001", [numProfiles]float64{0.02, 0.08, 0.20, 0.35}},
	{"RE002", [numProfiles]float64{0.005, 0.03, 0.20, 0.20}},
	{"RE003", [numProfiles]float64{0.02, 0.05, 0.10, 0.12}},
	{"RE005", [numProfiles]float64{0.002, 0.005, 0.06, 0.05}},
	{"TE001", [numProfiles]float64{0.75, 0.45, 0.20, 0.12}},
	{"TE002", [numProfiles]float64{0.40, 0.25, 0.12, 0.08}},
	{"TE003", [numProfiles]float64{0.30, 0.20, 0.10, 0.10}},
	{"TE004", [numProfiles]float64{0.08, 0.08, 0.06, 0.06}},
	{"RI001", [numProfiles]float64{0.03, 0.40, 0.30, 0.25}},
	{"RI002", [numProfiles]float64{0.01, 0.10, 0.25, 0.12}},
	{"RI003", [numProfiles]float64{0.0005, 0.03, 0.06, 0.03}},
	{"RI004", [numProfiles]float64{0.02, 0.05, 0.10, 0.06}},
	{"TI001", [numProfiles]float64{0.65, 0.25, 0.20, 0.35}},
	{"TI002", [numProfiles]float64{0.30, 0.15, 0.10, 0.20}},
	{"TI003", [numProfiles]float64{0.15, 0.10, 0.08, 0.10}},
	{"TI004", [numProfiles]float64{0.05, 0.05, 0.05, 0.05}},
}

// loginCodes are the mismatches with the enrollment that the integration guide lists. They share the draws of claimCodes,
// in order, because a login record has no claims.
var loginCodes = [...]string{"RL001", "RL002", "RL003", "RL005", "RL006", "RL009"}

// loginDraws are the claim codes whose draws the login codes take: rare for legit, frequent for fraud.
var loginDraws = [len(loginCodes)]int{0, 1, 2, 14, 15, 22}

// The probabilities as thresholds on 16 bits, so that one random word decides four signs.
var (
	signalBounds = signBounds(sessionSigns[:])
	codeBounds   = signBounds(claimCodes[:])
)

func signBounds(signs []synthSign) [numProfiles][]uint16 {
	var out [numProfiles][]uint16
	for p := range out {
		for _, s := range signs {
			out[p] = append(out[p], uint16(s.p[p]*(1<<16)))
		}
	}
	return out
}

// signs draws the signals and reason codes of the current record.
func (d *drawer) signs() {
	r := &d.rec
	d.flags(r.signals[:], signalBounds[r.kind.profile])
	d.flags(r.codes[:], codeBounds[r.kind.profile])
	moves := int(d.rand.ExpFloat64() * 40)
	if !r.signals[automatedSignal] {
		r.movement = moves // a scripted browser does not move the mouse
	}
}

// flags sets each of out with the probability of its bound.
func (d *drawer) flags(out []bool, bounds []uint16) {
	var word uint64
	for i, b := range bounds {
		if i%4 == 0 {
			word = d.rand.Uint64()
		}
		out[i] = uint16(word) < b
		word >>= 16
	}
}
