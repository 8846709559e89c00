package gitlab

import (
	"errors"
	"time"
)

// Date is a day of the calendar, without a time zone; the zero Date is none. It
// is comparable, and JSON writes it as YYYY-MM-DD.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day of t in t's own location; of the zero time, none.
func DateOf(t time.Time) Date {
	if t.IsZero() {
		return Date{}
	}
	year, month, day := t.Date()
	return Date{year, month, day}
}

// IsZero reports whether d is no day.
func (d Date) IsZero() bool { return d == Date{} }

// In is the first moment of d in a location; the zero time for no day.
func (d Date) In(loc *time.Location) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
}

// String is d as YYYY-MM-DD, "" for no day.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.In(time.UTC).Format(time.DateOnly)
}

// MarshalText implements [encoding.TextMarshaler]. A day that the calendar does
// not have is an error.
func (d Date) MarshalText() ([]byte, error) {
	if d != DateOf(d.In(time.UTC)) {
		return nil, errors.New("gitlab: there is no such date")
	}
	return []byte(d.String()), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler]. What follows the day, as
// in a timestamp, is ignored; "" is no day.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	t, err := time.Parse(time.DateOnly, string(text[:min(len(text), len(time.DateOnly))]))
	if err != nil {
		return errors.New("gitlab: a date is not in the form YYYY-MM-DD")
	}
	*d = DateOf(t)
	return nil
}
