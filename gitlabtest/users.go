package gitlabtest

import "net/http"

type userBasicJSON struct {
	ID        int64   `json:"id"`
	Username  string  `json:"username"`
	Name      string  `json:"name"`
	State     string  `json:"state"`
	Locked    bool    `json:"locked"`
	AvatarURL *string `json:"avatar_url"`
	WebURL    string  `json:"web_url"`
}

type currentUserJSON struct {
	userBasicJSON

	CreatedAt        apiTime `json:"created_at"`
	Bio              string  `json:"bio"`
	Bot              bool    `json:"bot"`
	Email            string  `json:"email"`
	PublicEmail      *string `json:"public_email"`
	CommitEmail      string  `json:"commit_email"`
	ConfirmedAt      apiTime `json:"confirmed_at"`
	LastActivityOn   string  `json:"last_activity_on"`
	TwoFactorEnabled bool    `json:"two_factor_enabled"`
	External         bool    `json:"external"`
	CanCreateGroup   bool    `json:"can_create_group"`
	CanCreateProject bool    `json:"can_create_project"`
}

func (s *Server) userJSON(a *account) userBasicJSON {
	return userBasicJSON{
		ID: a.ID, Username: a.Username, Name: a.Username, State: "active",
		WebURL: s.external + "/" + a.Username,
	}
}

func (s *Server) currentUser(q *request) answer {
	a := q.caller
	email := a.Username + "@example.com"
	return jsonAnswer(http.StatusOK, currentUserJSON{
		userBasicJSON: s.userJSON(a), CreatedAt: apiTime(a.created), Email: email, CommitEmail: email,
		ConfirmedAt: apiTime(a.created), LastActivityOn: a.created.UTC().Format("2006-01-02"),
		CanCreateGroup: true, CanCreateProject: true,
	})
}
