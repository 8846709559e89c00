package gitlab

import (
	"context"
	"time"
)

// User is a GitLab account (https://docs.gitlab.com/api/users/). What only
// administrators or the user themselves may see is zero for others.
type User struct {
	ID          int64     `json:"id"`
	Username    string    `json:"username"`
	Name        string    `json:"name"`
	State       string    `json:"state"` // "active", "blocked", …
	Locked      bool      `json:"locked"`
	AvatarURL   string    `json:"avatar_url"` // "" if there is none
	WebURL      string    `json:"web_url"`
	Email       string    `json:"email"`
	PublicEmail string    `json:"public_email"`
	CommitEmail string    `json:"commit_email"`
	Bio         string    `json:"bio"`
	Location    string    `json:"location"`
	Bot         bool      `json:"bot"`
	External    bool      `json:"external"`
	IsAdmin     bool      `json:"is_admin"`
	CreatedAt   time.Time `json:"created_at"`
}

// UsersService calls the users API.
type UsersService service

// Current returns the user that the client acts as.
func (s *UsersService) Current(ctx context.Context, opts ...RequestOption) (User, error) {
	return Get[User](ctx, s.client, PathTo(pathUser), opts...)
}
