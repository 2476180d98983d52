//go:build !linux

package main

import "os/exec"

// dieWithParent: only Linux has it. Elsewhere the process ends when it finds the engine gone.
func dieWithParent(*exec.Cmd) {}
