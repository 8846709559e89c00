package webhook

import (
	"bytes"
	"time"
)

// Time is a time as GitLab's webhooks write it: in RFC 3339, as
// "2015-05-17 18:08:09 UTC" or as "2021-04-28 21:50:00 +0200". The zero Time
// stands for null, and for what is in none of these forms: no event is refused
// for that, and Delivery.Body has the text.
type Time struct{ time.Time }

// UnmarshalJSON implements [encoding/json.Unmarshaler].
func (t *Time) UnmarshalJSON(text []byte) error {
	text = bytes.Trim(text, `"`)
	t.Time = time.Time{}
	var parsed time.Time
	if parsed.UnmarshalText(text) == nil { // RFC 3339, without an allocation
		t.Time = parsed
		return nil
	}
	for _, layout := range [...]string{"2006-01-02 15:04:05 UTC", "2006-01-02 15:04:05 -0700"} {
		parsed, err := time.Parse(layout, string(text))
		if _, offset := parsed.Zone(); err == nil && offset > -dayOfSeconds && offset < dayOfSeconds {
			t.Time = parsed // and RFC 3339 can write it again
			return nil
		}
	}
	return nil
}

const dayOfSeconds = 24 * 60 * 60
