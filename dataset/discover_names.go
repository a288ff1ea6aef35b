package dataset

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// A namer turns places back into canonical names: the inverse of Mapping.places.
type namer struct {
	mapping Mapping
	record  map[string]Field // the fields of the envelope, by place
	bare    string           // the product whose bare responses the history consists of, "" where it has envelopes
	hub     bool             // the bare responses are the hub's
}

// recordFields are the fields that every history may have.
var recordFields = []Field{{CustomerID, KindText}, {SessionID, KindText}, {ResolutionID, KindText}, {Timestamp, KindTime},
	{Amount, KindAmount}, {LabelField, KindLabel}, {LabelTime, KindTime}, {ActionField, KindAction}}

func (d *discovery) namer() *namer {
	n := &namer{mapping: d.mapping, record: map[string]Field{}}
	for _, f := range recordFields {
		for _, p := range d.mapping.places(f.Name) {
			if key := p.String(); n.record[key].Name == "" {
				n.record[key] = f
			}
		}
	}
	envelope, score := d.envelope, false
	for _, f := range d.fields {
		first := f.path[0]
		_, isRecord := n.record[f.path.String()]
		for _, product := range []string{"session", "onboarding", "login"} {
			envelope = envelope || belongs(first, product) && !isRecord
		}
		score = score || first == "score" || first == "domain"
		n.hub = n.hub || len(f.path) > 1 && slices.Contains([]string{"score", "phone", "email", "ip"}, first)
	}
	if !envelope && (score || n.hub) {
		n.bare = d.mapping.bare()
	} else {
		n.hub = false
	}
	return n
}

// field returns the field at a place, with its declared or guessed kind.
func (n *namer) field(f *sampled) Field {
	if field, found := n.record[f.path.String()]; found {
		return field
	}
	name := n.name(f.path)
	product := ProductOf(name) != ""
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case product && last == "score":
		return Field{strings.TrimSuffix(name, ".score"), KindState}
	case last == "reason_codes" && f.known && f.kind == KindText:
		return Field{name, KindCodes} // a schema knows texts and no codes
	case f.known:
		return Field{name, f.kind}
	case last == "score_cluster":
		return Field{name, KindCluster}
	case last == "reason_codes" || f.lists:
		return Field{name, KindCodes}
	case product && last == "status" && responseOf(Field{name, KindStatus}) == ProductOf(name):
		return Field{name, KindStatus}
	case !f.noBool:
		return Field{name, KindBool}
	case !f.noNum:
		return Field{name, KindNumber}
	}
	return Field{name, KindText}
}

// name returns the canonical name of a place; a column of the user's own is named by its path.
func (n *namer) name(path Path) string {
	for _, name := range slices.Sorted(maps.Keys(n.mapping.Fields)) {
		keys := Path(strings.Split(n.mapping.Fields[name], "."))
		switch {
		case slices.ContainsFunc(withFlat(keys), func(p Path) bool { return slices.Equal(p, path) }):
			return name
		case ProductOf(name) == name && len(path) > len(keys) && slices.Equal(path[:len(keys)], keys):
			return within(append(Path{name}, path[len(keys):]...))
		}
	}
	if len(path) == 1 {
		return n.flat(path[0])
	}
	switch {
	case ProductOf(path[0]) != "":
		return within(path)
	case n.hub:
		return within(append(Path{"onboarding"}, path...))
	case n.bare != "" && path[0] == "domain":
		return within(append(Path{n.bare}, path...))
	}
	return path.String()
}

// flat returns the canonical name of a column at the top of a record.
func (n *namer) flat(key string) string {
	for _, product := range []string{"session", "onboarding", "login"} {
		if belongs(key, product) && key != product {
			return within(Path{product, key[len(product)+1:]})
		}
	}
	for _, part := range hubParts {
		if belongs(key, part) && key != part && hubScore[key[len(part)+1:]] {
			return within(Path{"onboarding", part, key[len(part)+1:]})
		}
	}
	switch {
	case n.hub:
		return "onboarding." + key
	case n.bare != "":
		return n.bare + "." + key
	}
	return key
}

// hubParts are the parts of the hub response that have a score of their own.
var hubParts = []string{"phone", "email", "ip", "browser"}

// within names a place inside a response.
func within(path Path) string {
	switch {
	case path[0] == "session" && len(path) > 2 && path[1] == "domain":
		path = append(Path{"session"}, path[2:]...)
	case path[0] == "onboarding" && len(path) == 3 && path[1] == "score" && hubScore[path[2]]:
		path = Path{"onboarding", path[2]}
	case path[0] == "onboarding" && len(path) == 2:
		for _, part := range hubParts {
			for _, sep := range "_." {
				if rest, found := strings.CutPrefix(path[1], part+string(sep)); found {
					path = Path{"onboarding", part, rest}
				}
			}
		}
		if rest, found := strings.CutPrefix(path[1], "score_"); found && len(path) == 2 && hubScore[rest] {
			path = Path{"onboarding", rest}
		}
	}
	return path.String()
}

// personalWords are the last words of names whose values are about a person or device: what they sent (phone, email,
// name, address, user agent), where they are, and ids that were given to them. Some of them may be joined by or read by a
// rule; none is ever printed.
var personalWords = map[string]bool{
	"number": true, "phone": true, "phone_number": true, "msisdn": true, "address": true, "email": true, "ip": true,
	"ips": true, "value": true, "first_name": true, "last_name": true, "full_name": true, "name": true, "surname": true,
	"username": true, "user": true, "birth_date": true, "date_of_birth": true, "street": true, "zip": true, "lat": true,
	"lon": true, "latitude": true, "longitude": true, "city": true, "tax_id": true, "iban": true, "photo": true,
	"header_referer": true, "navigator_app_version": true, CustomerID: true, SessionID: true, ResolutionID: true,
	"transaction_id": true, "user_id": true, "device_id": true,
	"phones": true, "mobile": true, "mobile_number": true, "tel": true, "telephone": true, "emails": true, "e_mail": true,
	"addresses": true, "remote_addr": true, "ip_addr": true, "nickname": true, "customer_name": true, "user_name": true,
	"cardholder": true, "cardholder_name": true, "birthdate": true, "dob": true, "ssn": true, "passport": true, "tax_code": true,
	"fiscal_code": true, "zip_code": true, "postcode": true, "postal_code": true,
}

// personalEndings are endings of the same kind, such as ip_city and ip_zip.
var personalEndings = []string{"_email", "_phone", "_phone_number", "_msisdn", "_address", "_ip", "_ips", "_city", "_zip",
	"_lat", "_lon", "_first_name", "_last_name", "_full_name", "_latitude", "_longitude", "_street"}

// Personal reports whether the values of a canonical name are personal data, which must not reach an output. It goes by
// the last word of the name, in any case and spelling: customerEmail and client-ip are customer_email and client_ip. Vendor
// names such as navigator_browser_name are not personal. A key that is itself an address or a number, as in
// {"seen":{"a@b.c":true}}, makes all names with it personal.
func Personal(name string) bool {
	if addressed(name) {
		return true
	}
	last := snakeCase(name[strings.LastIndexByte(name, '.')+1:])
	if personalWords[last] || strings.Contains(last, "user_agent") && !strings.HasSuffix(last, "match") && !strings.HasPrefix(last, "has_") {
		return true
	}
	return slices.ContainsFunc(personalEndings, func(end string) bool { return strings.HasSuffix(last, end) })
}

// addressed reports whether a name has a key that is an email address, a phone number or an IP address and no name.
func addressed(name string) bool {
	for i := range len(name) { // Elastic's @timestamp is a name
		if name[i] == '@' && i > 0 && name[i-1] != '.' {
			return true
		}
	}
	digits, letters := 0, 0
	for _, r := range name + "." {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case unicode.IsLetter(r) || r == '_':
			letters++
		case r == '.' && letters > 0:
			digits, letters = 0, 0
		case r == '.' && digits > 6: // dots are part of an address, and keys are joined by them
			return true
		}
	}
	return strings.Contains(name, "::") // IPv6
}

// snakeCase turns clientIP, Client-IP and client_ip into the last of them.
func snakeCase(word string) string {
	is := func(i int, low, high byte) bool { return i >= 0 && i < len(word) && word[i] >= low && word[i] <= high }
	var out []byte
	for i := range len(word) {
		switch c := word[i]; {
		case c == '-' || c == ' ':
			out = append(out, '_')
			continue
		case is(i, 'A', 'Z') && (is(i-1, 'a', 'z') || is(i-1, 'A', 'Z') && is(i+1, 'a', 'z')):
			out = append(out, '_')
		}
		out = append(out, word[i])
	}
	return strings.ToLower(string(out))
}
