package gitlabtest

import "net/http"

// What the instance says to be.
const (
	instanceVersion  = "18.9.0"
	instanceRevision = "5f0a1c7e2b9"
)

func (s *Server) version(*request) answer {
	return jsonAnswer(http.StatusOK, struct {
		Version  string `json:"version"`
		Revision string `json:"revision"`
	}{instanceVersion, instanceRevision})
}

func (s *Server) metadata(*request) answer {
	type kas struct {
		Enabled     bool    `json:"enabled"`
		ExternalURL *string `json:"externalUrl"`
		Version     *string `json:"version"`
	}
	return jsonAnswer(http.StatusOK, struct {
		Version    string `json:"version"`
		Revision   string `json:"revision"`
		KAS        kas    `json:"kas"`
		Enterprise bool   `json:"enterprise"`
	}{Version: instanceVersion, Revision: instanceRevision})
}
