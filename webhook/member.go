package webhook

import (
	"strings"
)

// MemberEvent tells of a member of a group, or of somebody who asks to be one.
type MemberEvent struct {
	Delivery     Delivery `json:"-"`
	EventName    string   `json:"event_name"` // "user_add_to_group", "user_update_for_group", "user_remove_from_group", "user_access_request_to_group" or "user_access_request_denied_for_group"
	GroupID      int64    `json:"group_id"`
	GroupName    string   `json:"group_name"`
	GroupPath    string   `json:"group_path"`
	GroupAccess  string   `json:"group_access"` // "Guest", "Developer", …
	GroupPlan    string   `json:"group_plan"`
	UserID       int64    `json:"user_id"`
	UserUsername string   `json:"user_username"`
	UserName     string   `json:"user_name"`
	UserEmail    string   `json:"user_email"`
	CreatedAt    Time     `json:"created_at"`
	UpdatedAt    Time     `json:"updated_at"`
	ExpiresAt    Time     `json:"expires_at"` // zero: never
}

func (e *MemberEvent) about() (*Delivery, bool) {
	return &e.Delivery, strings.HasPrefix(e.EventName, "user_")
}
