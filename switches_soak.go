//go:build soak

package gitlab

import "os"

// See switches.go. GITLAB_SOAK_OFF names the one that is turned off.
var (
	switchOffDetach  = switchedOff("detach")
	switchOffOpinion = switchedOff("opinion")
	switchOffPending = switchedOff("pending")
)

func switchedOff(name string) bool { return os.Getenv("GITLAB_SOAK_OFF") == name }
