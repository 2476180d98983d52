package main

import (
	"os/exec"
	"syscall"
)

// dieWithParent ends the process with the thread that starts it, which must be one's own until then, so that not even a host
// that is killed leaves it behind.
func dieWithParent(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
