package replay

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
)

// parts are the parts of the onboarding response that are products of their own.
var parts = []string{"phone", "email", "ip", "browser"}

// ownScore are the fields that every product has.
var ownScore = []string{"score", "score_cluster", "reason_codes", "status"}

// canonicalField returns the name under which package dataset knows a field, given the keys as a condition wrote them. It
// accepts the spellings that the vendor's guides use for one field: onboarding.score.score and onboarding.score,
// onboarding.phone_score_cluster, phone.score_cluster, session.domain.score.
func canonicalField(keys []string) string {
	if len(keys) > 1 && slices.Contains(parts, keys[0]) {
		keys = append([]string{"onboarding"}, keys...)
	}
	switch {
	case len(keys) == 3 && keys[0] == "onboarding" && keys[1] == "score" && slices.Contains(ownScore, keys[2]):
		keys = []string{"onboarding", keys[2]}
	case len(keys) == 3 && keys[0] == "session" && keys[1] == "domain":
		keys = []string{"session", keys[2]}
	case len(keys) == 2 && keys[0] == "onboarding":
		if part, field, found := strings.Cut(keys[1], "_"); found && slices.Contains(parts, part) && slices.Contains(ownScore, field) {
			keys = []string{"onboarding", part, field}
		}
	}
	return strings.Join(keys, ".")
}

// fieldKind returns the kind of a field; known is false where only its use in the expression can tell. The error says why
// the field cannot be read by a rule.
func fieldKind(name string) (kind dataset.Kind, known bool, err error) {
	keys := strings.Split(name, ".")
	last := keys[len(keys)-1]
	switch {
	case personalField(name):
		return 0, false, fmt.Errorf("%s: personal data cannot be a rule input: want a signal derived from it", name)
	case len(keys) == 1 && slices.Contains(dataset.Products, name), len(keys) == 2 && keys[0] == "onboarding" && slices.Contains(parts, last):
		return 0, false, fmt.Errorf("%s is a whole response: want one of its fields, such as %s.score_cluster", name, name)
	case slices.Contains(ownScore, last) && slices.ContainsFunc(dataset.Products, func(p string) bool { return name == dataset.ProductField(p, last) }):
		return map[string]dataset.Kind{"score": dataset.KindNumber, "score_cluster": dataset.KindCluster,
			"reason_codes": dataset.KindCodes, "status": dataset.KindStatus}[last], true, nil
	case dataset.ProductOf(name) == "":
		return recordKind(name)
	}
	return vendorKind(last)
}

// recordKind is fieldKind of a field of the record itself.
func recordKind(name string) (kind dataset.Kind, known bool, err error) {
	switch name {
	case dataset.Amount:
		return dataset.KindAmount, true, nil
	case "country", dataset.CustomerID, dataset.SessionID, dataset.ResolutionID:
		return dataset.KindText, true, nil
	case dataset.LabelField, dataset.LabelTime, "is_fraud":
		return 0, false, fmt.Errorf("%s: a policy cannot read the outcome", name)
	case dataset.ActionField, "decision":
		return 0, false, fmt.Errorf("%s: a policy cannot read what was decided on the record", name)
	case dataset.Timestamp, "created_at", "event_time", "device_request_time":
		return 0, false, fmt.Errorf("%s: a time cannot be a rule input", name)
	}
	return 0, false, nil
}

// vendorKind is fieldKind by the last part of the name of a field of a response. The rules and lists follow the tables of
// the vendor's "Session API response" and "Bot Detection" pages, which type every field.
func vendorKind(last string) (kind dataset.Kind, known bool, err error) {
	switch {
	case last == "device_request_time":
		return 0, false, fmt.Errorf("%s: a time cannot be a rule input", last)
	case vendorTexts[last]:
		return dataset.KindText, true, nil
	case strings.HasPrefix(last, "has_"), strings.HasPrefix(last, "is_"), strings.Contains(last, "_is_"), strings.Contains(last, "_has_"),
		strings.HasSuffix(last, "_match"), vendorBools[last]:
		return dataset.KindBool, true, nil
	case strings.HasSuffix(last, "_count"), strings.HasSuffix(last, "_in_days"), strings.HasSuffix(last, "_score"), vendorNumbers[last]:
		return dataset.KindNumber, true, nil
	case strings.HasSuffix(last, "_score_cluster"):
		return dataset.KindCluster, true, nil
	case strings.HasSuffix(last, "_reason_codes"):
		return dataset.KindCodes, true, nil
	}
	return 0, false, nil
}

var vendorBools = set(`navigator_web_driver battery_charging supported_bluetooth do_not_track battery_charging cookies_enabled
	incognito_mode remote_desktop_enable browser_do_not_track browser_battery_charging browser_cookies_enabled
	browser_incognito_mode ip_remote_desktop_enable`)

var vendorNumbers = set(`navigator_connection_rtt window_outer_height window_outer_width mouse_movement total_movements
	time_elapsed_ms battery_level navigator_connection_downlink navigator_device_memory navigator_hardware_concurrency
	navigator_max_touch_points ip_company_employees ip_company_founded ip_company_annual_revenue ip_company_total_funding
	company_employees company_founded company_annual_revenue company_total_funding browser_battery_level browser_color_depth
	browser_cpu_cores color_depth cpu_cores`)

var vendorTexts = set(`transaction_id session_id app_key header_language header_referer header_mime_types navigator_language
	navigator_platform navigator_plugins navigator_mime_types navigator_app_version window_resolution viewport_resolution
	navigator_browser_name navigator_browser_version navigator_type navigator_brand navigator_model navigator_model_commercial
	navigator_operating_system timezone video_card_renderer video_card_vendor font_list navigator_connection_effective_type
	navigator_platform_version font_detected_os ip_city ip_company_domain ip_connection_speed ip_connection_type ip_country
	ip_country_code ip_isp ip_proxy_name ip_proxy_type ip_timezone ip_timezone_request_time ip_zip ip_request_time ip_vpn_name
	ip_company_name ip_company_industry ip_company_keywords ip_company_country ip_company_tech_stack browser_marketing_channel
	browser_language browser_timezone browser_request_location browser_request_referrer browser_cpu_class
	browser_extensions_list browser_google_topics browser_location_campaign browser_location_content browser_location_keyword
	browser_location_medium browser_location_source browser_location_term browser_media_devices_list browser_os
	browser_referrer_campaign browser_referrer_content browser_referrer_keyword browser_referrer_medium
	browser_referrer_source browser_referrer_term browser_screen_resolution browser_video_card_renderer
	browser_video_card_vendor browser_viewport browser_name browser_version browser_device_type browser_device_brand
	browser_device_model browser_device_operating_system
	country country_code phone_country_code`)

// personalNames are the last parts of fields that hold personal data as such, which is not even decoded. The list is shorter
// than dataset.Personal, which tells what must not be printed: a rule may read a city or an id.
var personalNames = set(`phone phone_number phone_value msisdn mobile email email_address email_value mail ip ips ip_value ip_address
	ip_lat ip_lon first_name last_name full_name middle_name surname given_name family_name username user_name user_agent
	header_user_agent navigator_user_agent address street date_of_birth birth_date birthdate dob tax_id vat_code iban`)

func personalField(name string) bool {
	keys := strings.Split(name, ".")
	last := keys[len(keys)-1]
	if len(keys) == 2 && keys[0] == "onboarding" && slices.Contains(parts, last) {
		return false // the part of the response, not the value
	}
	return personalNames[strings.ToLower(last)]
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}
