package dataset

import "strconv"

// A synthDetail is what the red flags of the vendor's guide read beyond scores, signals and reason codes.
type synthDetail struct {
	phoneCountry, ipCountry string // ISO 3166, two letters
	emailDays               int    // since the address was first seen
	accounts                [len(socialAccounts)]bool
}

// socialAccounts are the fields of the email claim that tell of an account elsewhere.
var socialAccounts = [...]string{"has_linkedin", "has_twitter", "has_instagram"}

// A detailModel is how the details of a profile fall. As the probabilities of synthSign they are made up, to be plausible.
type detailModel struct {
	abroad   float64 // the IP is in another country than the phone
	newEmail float64 // the address was first seen within newEmailDays
	account  float64 // of each social network, of an address that is not new
}

var detailModels = [numProfiles]detailModel{
	plainProfile:     {0.03, 0.02, 0.45},
	privateProfile:   {0.30, 0.05, 0.25},
	automatedProfile: {0.45, 0.55, 0.05},
	identityProfile:  {0.25, 0.40, 0.08},
}

const (
	newEmailDays = 30
	oldEmailDays = 3650
)

// detail draws the details of a record. Its random numbers are made of the seed and the record's number alone, so that a history
// with details and one without are the same in everything else.
func (s *synthesizer) detail(r *synthRecord) synthDetail {
	state := scramble(s.Seed) ^ uint64(r.n)
	draw := func() float64 {
		state = scramble(state)
		return float64(state>>11) / (1 << 53)
	}
	m := detailModels[r.kind.profile]
	out := synthDetail{phoneCountry: s.country(r)}
	out.ipCountry = out.phoneCountry
	abroad, where := draw() < m.abroad, draw()
	if abroad {
		out.ipCountry = elsewhere(out.phoneCountry, where)
	}
	isNew, age := draw() < m.newEmail, draw()
	out.emailDays = newEmailDays + 1 + int(age*(oldEmailDays-newEmailDays))
	if isNew {
		out.emailDays = int(age * (newEmailDays + 1))
	}
	for i := range out.accounts {
		out.accounts[i] = draw() < m.account && !isNew
	}
	return out
}

// country returns the record's value of a segment named country where that is a code, else Italy.
func (s *synthesizer) country(r *synthRecord) string {
	for i, seg := range s.segments {
		if v := seg.values[r.values[i]]; seg.name == "country" && len(v) == 2 {
			return v
		}
	}
	return "IT"
}

// elsewhere returns a country that is not the one given.
func elsewhere(country string, u float64) string {
	others := [...]string{"US", "NL", "RO", "SG"}
	i := int(u * float64(len(others)))
	if others[i] == country {
		i = (i + 1) % len(others)
	}
	return others[i]
}

// deviceDetail, phoneDetail and emailDetail write what belongs to a response or a claim.
func (t *jsonText) deviceDetail(d synthDetail) { t.text("ip_country_code", d.ipCountry) }

func (t *jsonText) phoneDetail(d synthDetail) { t.text("country_code", d.phoneCountry) }

func (t *jsonText) emailDetail(d synthDetail) {
	t.raw("first_seen_days", strconv.Itoa(d.emailDays))
	for i, name := range socialAccounts {
		t.raw(name, strconv.FormatBool(d.accounts[i]))
	}
}
