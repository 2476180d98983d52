package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

// How long output may be held open by what a process started and left behind.
const outputGrace = 2 * time.Second

// child is a process that never outlives the call it runs for.
type child struct {
	command        []string
	dir            string
	env            []string
	stdout, stderr io.Writer
}

// run returns the exit code, -1 for an end by a signal. The error is for a process that could not be started or was ended
// with its call.
func (c *child) run(ctx context.Context) (int, error) {
	// See dieWithParent.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	command := exec.CommandContext(ctx, c.command[0], c.command[1:]...)
	command.Dir, command.Env = c.dir, c.env
	command.Stdout, command.Stderr = c.stdout, c.stderr
	command.WaitDelay = outputGrace
	dieWithParent(command)
	err := command.Run()
	if cancelled := ctx.Err(); cancelled != nil {
		return 0, cancelled
	}
	if ended := new(exec.ExitError); errors.As(err, &ended) {
		return ended.ExitCode(), nil
	}
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return 0, fmt.Errorf("%s: %w", c.command[0], err)
	}
	return 0, nil
}

// output passes both streams of a process on, one message at a time.
type output struct {
	mutex sync.Mutex
	send  func(stdout, stderr []byte) error
}

type writer func([]byte) error

func (w writer) Write(bytes []byte) (int, error) {
	return len(bytes), w(bytes)
}

func (o *output) stdout() io.Writer {
	return writer(func(bytes []byte) error { return o.sendInTurn(bytes, nil) })
}

func (o *output) stderr() io.Writer {
	return writer(func(bytes []byte) error { return o.sendInTurn(nil, bytes) })
}

func (o *output) sendInTurn(stdout, stderr []byte) error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.send(stdout, stderr)
}
