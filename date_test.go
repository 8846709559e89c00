package gitlab_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

func TestDatesAreReadAndWritten(t *testing.T) {
	t.Parallel()
	leap := gitlab.Date{Year: 2024, Month: time.February, Day: 29}
	for text, want := range map[string]gitlab.Date{
		`"2024-02-29"`: leap, `"2024-02-29T23:59:59.999-12:00"`: leap, `"2024-02-29 12:00"`: leap, `null`: {}, `""`: {}, `"0007-01-02"`: {Year: 7, Month: time.January, Day: 2},
	} {
		var got gitlab.Date
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{`"2023-02-29"`, `"2024-13-01"`, `"2024-00-01"`, `"2024-01-00"`, `"2024-01-32"`, `"2024-1-1"`, `"24-01-01"`, `"hush"`, `"2024-02"`, `7`, `{}`, `"20240229"`, `" 2024-02-29"`} {
		got := leap
		err := json.Unmarshal([]byte(text), &got)
		require.Error(t, err, text)
		assert.NotContains(t, err.Error(), "hush")
		assert.Equal(t, leap, got, "left as it is")
	}
	kept := leap
	require.NoError(t, json.Unmarshal([]byte(`null`), &kept))
	require.NoError(t, json.Unmarshal([]byte(`""`), &kept))
	assert.True(t, kept.IsZero(), "an empty text is no day")

	type holder struct {
		Due  gitlab.Date `json:"due"`
		Omit gitlab.Date `json:"omit,omitzero"`
	}
	text, err := json.Marshal(holder{Due: leap})
	require.NoError(t, err)
	assert.JSONEq(t, `{"due":"2024-02-29"}`, string(text))
	text, err = json.Marshal(map[gitlab.Date]gitlab.Date{leap: {}})
	require.NoError(t, err)
	assert.JSONEq(t, `{"2024-02-29":""}`, string(text))
}

func TestDatesThatDoNotExistAreNotWritten(t *testing.T) {
	t.Parallel()
	for _, d := range []gitlab.Date{
		{Year: 2023, Month: time.February, Day: 29}, {Year: 2024, Month: 13, Day: 1}, {Year: 2024, Month: time.January}, {Year: 2024}, {Day: 1}, {Year: 2024, Month: time.January, Day: 32}, {Year: 2024, Month: time.January, Day: -1},
	} {
		_, err := d.MarshalText()
		require.EqualError(t, err, "gitlab: there is no such date")
		assert.False(t, d.IsZero())
	}
}

func TestDatesAreDaysOfAPlace(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("east", 14*60*60)
	d := gitlab.DateOf(time.Date(2024, time.February, 29, 0, 30, 0, 0, east))
	assert.Equal(t, "2024-02-29", d.String())
	assert.Equal(t, "2024-02-28", gitlab.DateOf(time.Date(2024, time.February, 29, 0, 30, 0, 0, east).UTC()).String())
	assert.True(t, time.Date(2024, time.February, 29, 0, 0, 0, 0, east).Equal(d.In(east)))
	assert.Equal(t, east, d.In(east).Location())
	assert.True(t, gitlab.DateOf(time.Time{}).IsZero())
	assert.Equal(t, gitlab.Date{}, gitlab.DateOf(time.Time{}.In(east)))
	assert.Empty(t, gitlab.Date{}.String())
	assert.True(t, gitlab.Date{}.In(east).IsZero())
	assert.Equal(t, "0007-01-02", gitlab.Date{Year: 7, Month: time.January, Day: 2}.String())
}
