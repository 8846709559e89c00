package gitlab

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// challenge is what a 401 says of its reason.
type challenge int

const (
	challengeToken challenge = iota // the token's fault, as far as it says
	challengeBare                   // GitLab does not know the token
	challengeOther                  // plainly not the token's fault
)

// readChallenge classifies a 401 (RFC 6750, section 3). It takes the connection
// off the body and leaves the body readable.
func readChallenge(resp *http.Response) challenge {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if err == nil && len(body) < maxErrorBody {
		_ = resp.Body.Close()
		resp.Body = io.NopCloser(bytes.NewReader(body))
	} else {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(body), resp.Body), resp.Body}
	}
	var answer struct {
		Error   string `json:"error"`
		Message string `json:"message"`
		Errors  []struct {
			Message string `json:"message"`
		} `json:"errors"` // GraphQL's, which tells no kinds of bad tokens apart
	}
	_ = json.Unmarshal(body, &answer) // another form says nothing
	headers := resp.Header.Values("WWW-Authenticate")
	basic, bearer := false, false
	for _, header := range headers {
		header = strings.ToLower(header)
		basic = basic || strings.HasPrefix(header, "basic")
		bearer = bearer || strings.Contains(header, "bearer")
	}
	switch {
	case basic && !bearer, answer.Error == "dpop_error":
		return challengeOther
	case len(headers) > 0 || answer.Error != "":
		return challengeToken
	case answer.Message == "401 Unauthorized", len(answer.Errors) == 1 && answer.Errors[0].Message == "Invalid token":
		return challengeBare
	}
	return challengeToken
}
