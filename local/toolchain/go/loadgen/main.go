//go:build linux

// Command loadgen sends requests to a server on this machine and measures its answers. One thread, one epoll loop and no
// memory allocated while it measures, so that on a core of its own it is faster than the servers it measures. Every answer is
// compared with the one expected, byte by byte.
//
//	loadgen run    < plan.json > report.json     see plan.go and report.go
//	loadgen answer                               a server that only answers "ok": what loadgen itself can do
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
)

func main() {
	runtime.GOMAXPROCS(1)
	runtime.LockOSThread()
	if err := command(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "loadgen:", err)
		os.Exit(1)
	}
}

func command(arguments []string) error {
	name := ""
	if len(arguments) == 1 {
		name = arguments[0]
	}
	switch name {
	case "run":
		plan, err := readPlan(os.Stdin)
		if err != nil {
			return err
		}
		// The loop keeps what it allocates; collecting it would only stop the clock's thread.
		debug.SetGCPercent(-1)
		run, err := newRun(plan)
		if err != nil {
			return err
		}
		if err := run.loop(); err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(run.report())
	case "answer":
		return answer()
	default:
		return fmt.Errorf("one argument is needed: run or answer")
	}
}
