package main

import (
	"os/exec"
	"syscall"
)

// dieWithUs has the system kill the process when the thread that starts it
// ends; also a stopped one, that would not notice the end of its input.
func dieWithUs(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
