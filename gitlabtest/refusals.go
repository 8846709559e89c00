package gitlabtest

import (
	"fmt"
	"net/http"
	"strings"
)

// A refusal is what an OAuth endpoint says no with (RFC 6749, 5.2).
type refusal struct {
	status      int
	code, text  string
	stateMember string // Doorkeeper puts "unauthorized" here when a token is refused
}

// Every refusal of the OAuth endpoints, in Doorkeeper's words.
var (
	refuseRequest     = refusal{400, "invalid_request", "The request is missing a required parameter, includes an unsupported parameter value, or is otherwise malformed.", ""}
	refuseGrant       = refusal{400, "invalid_grant", "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.", ""}
	refuseClient      = refusal{401, "invalid_client", "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.", ""}
	refuseScope       = refusal{400, "invalid_scope", "The requested scope is invalid, unknown, or malformed.", ""}
	refuseGrantType   = refusal{400, "unsupported_grant_type", "The authorization grant type is not supported by the authorization server.", ""}
	refuseRedirectURI = refusal{400, "invalid_redirect_uri", "The requested redirect uri is malformed or doesn't match client redirect URI.", ""}
	refuseResponse    = refusal{400, "unsupported_response_type", "The authorization server does not support this response type.", ""}
	refuseChallenge   = refusal{400, "invalid_code_challenge_method", "The code challenge method must be plain or S256.", ""}
	refuseDenied      = refusal{400, "access_denied", "The resource owner or authorization server denied the request.", ""}

	// The device grant's extension of Doorkeeper has no words of its own.
	refusePending  = refusal{400, "authorization_pending", serverError, ""}
	refuseSlowDown = refusal{400, "slow_down", serverError, ""}
	refuseExpired  = refusal{400, "expired_token", serverError, ""}

	refuseToken        = refusal{401, "invalid_token", "The access token is invalid", "unauthorized"}
	refuseTokenRevoked = refusal{401, "invalid_token", "The access token was revoked", "unauthorized"}
	refuseTokenExpired = refusal{401, "invalid_token", "The access token expired", "unauthorized"}
)

const serverError = "The authorization server encountered an unexpected condition which prevented it from fulfilling the request."

// missing refuses a request without a parameter that it needs.
func missing(param string) refusal {
	return refusal{status: 400, code: "invalid_request", text: "Missing required parameter: " + param + "."}
}

func (r refusal) answer() answer {
	a := oauthAnswer(r.status, cacheNever, struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		State       string `json:"state,omitempty"`
	}{r.code, r.text, r.stateMember})
	a.header.Set("WWW-Authenticate", bearerChallenge("Doorkeeper", r.code, r.text))
	return a
}

// refuseRevocation is the one refusal without a challenge.
func refuseRevocation() answer {
	return oauthAnswer(http.StatusForbidden, cacheNone, struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{"unauthorized_client", "You are not authorized to revoke this token"})
}

func bearerChallenge(realm, code, text string) string {
	return fmt.Sprintf("Bearer realm=%q, error=%q, error_description=%q", realm, code, text)
}

// The API's own words.
const (
	textExpired      = "Token is expired. You can either do re-authorization or token refresh."
	textRevoked      = "Token was revoked. You have to re-authorize from the user."
	textTwoTokens    = "Both Authorization header and payload includes access token."
	textInsufficient = "The request requires higher privileges than provided by the access token."
)

// bareUnauthorized is what the API says to no token, to an unknown one, and
// to a good one that a replica has not heard of yet.
func bareUnauthorized() answer { return apiMessage(http.StatusUnauthorized, "401 Unauthorized") }

// badToken is the API's refusal of a token that it knows.
func badToken(text string) answer {
	a := jsonAnswer(http.StatusUnauthorized, apiRefusal{Error: "invalid_token", Description: text})
	a.header.Set("WWW-Authenticate", bearerChallenge("Protected by OAuth 2.0", "invalid_token", text))
	return a
}

// narrowToken is the API's refusal of a token that has none of scopes.
func narrowToken(scopes []string) answer {
	return jsonAnswer(http.StatusForbidden, apiRefusal{"insufficient_scope", textInsufficient, strings.Join(scopes, " ")})
}

// twoTokens is the API's refusal of a call with a token in two places.
func twoTokens() answer {
	return jsonAnswer(http.StatusBadRequest, apiRefusal{Error: "invalid_request", Description: textTwoTokens})
}

type apiRefusal struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Scope       string `json:"scope,omitempty"`
}

// apiMessage is a refusal of an API call's own: {"message":…}.
func apiMessage(status int, message any) answer {
	return jsonAnswer(status, map[string]any{"message": message})
}

// apiError is a refusal of the API's framework: {"error":…}.
func apiError(status int, text string) answer {
	return jsonAnswer(status, map[string]string{"error": text})
}

// notFound is {"message":"404 <what> Not Found"}.
func notFound(what string) answer {
	return apiMessage(http.StatusNotFound, "404 "+what+" Not Found")
}

// noRecord is what a missing part of a resource gets.
func noRecord() answer { return apiMessage(http.StatusNotFound, "404 Not found") }
