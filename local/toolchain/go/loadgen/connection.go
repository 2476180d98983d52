//go:build linux

package main

import (
	"bytes"
	"fmt"
	"syscall"
)

type state int

const (
	broken state = iota // no socket; connects again at retryAt
	connecting
	idle
	waiting // for an answer
)

const (
	retryAfter = 10_000_000 // ns
	bufferSize = 1 << 16
)

type connection struct {
	fd      int
	state   state
	retryAt int64
	request int
	// Closed loop: when it was sent, or the connection for it begun; open loop: when it was due.
	since int64
	// In the measured time, not in the warm-up.
	measured bool
	in       []byte
	have     int
	// Not yet taken by the socket.
	out      []byte
	watching bool
	h2       http2
}

func (r *run) connect(i int, at int64) {
	c := &r.connections[i]
	if r.plan.Rate == 0 {
		c.since = at
	}
	fd, err := socket()
	if err == nil {
		err = syscall.Connect(fd, r.address)
	}
	if err != nil && err != syscall.EINPROGRESS {
		if fd >= 0 {
			syscall.Close(fd)
		}
		r.fail(i, fmt.Errorf("connecting: %w", err))
		return
	}
	c.fd, c.state, c.have, c.out, c.watching = fd, connecting, 0, c.out[:0], true
	if r.plan.Protocol == "grpc" {
		c.out = c.h2.open(c.out)
	}
	if err := r.poller.watch(syscall.EPOLL_CTL_ADD, fd, i, true); err != nil {
		r.fail(i, err)
	}
}

func (r *run) handle(i int, events uint32) {
	c := &r.connections[i]
	if c.state == broken {
		return
	}
	if c.state == connecting {
		if code, err := syscall.GetsockoptInt(c.fd, syscall.SOL_SOCKET, syscall.SO_ERROR); err != nil || code != 0 {
			r.fail(i, fmt.Errorf("connecting: %w", syscall.Errno(code)))
			return
		}
		r.ready(i, c.since)
		return
	}
	if events&syscall.EPOLLOUT != 0 && !r.flush(i) {
		return
	}
	if events&^syscall.EPOLLOUT != 0 {
		r.receive(i)
	}
}

// ready for the next request: sent at once in a closed loop, when it is due in an open one.
func (r *run) ready(i int, since int64) {
	c := &r.connections[i]
	c.state = idle
	switch {
	case r.plan.Rate > 0:
		r.free = append(r.free, i)
		if c.watching || len(c.out) > 0 {
			r.flush(i)
		}
	case since < r.end:
		r.send(i, since)
	}
}

func (r *run) send(i int, since int64) {
	c := &r.connections[i]
	c.state, c.since, c.request = waiting, since, r.next
	c.measured = since >= r.begin
	request := &r.plan.Requests[r.next]
	if r.next++; r.next == len(r.plan.Requests) {
		r.next = 0
	}
	if r.plan.Protocol == "grpc" {
		out, err := c.h2.request(c.out, r.block, request.Send)
		if err != nil {
			r.fail(i, err)
			return
		}
		c.out = out
	} else {
		c.out = append(c.out, request.Send...)
	}
	r.flush(i)
}

// flush writes what it can; false when the connection broke.
func (r *run) flush(i int) bool {
	c := &r.connections[i]
	for len(c.out) > 0 {
		n, errno := write(c.fd, c.out)
		if errno == syscall.EAGAIN {
			break
		}
		if errno != 0 {
			r.fail(i, fmt.Errorf("sending: %w", errno))
			return false
		}
		c.out = c.out[:copy(c.out, c.out[n:])]
	}
	if more := len(c.out) > 0; more != c.watching {
		c.watching = more
		if err := r.poller.watch(syscall.EPOLL_CTL_MOD, c.fd, i, more); err != nil {
			r.fail(i, err)
			return false
		}
	}
	return true
}

func (r *run) receive(i int) {
	c := &r.connections[i]
	if c.have == len(c.in) {
		c.in = append(c.in, make([]byte, len(c.in))...)
	}
	n, errno := read(c.fd, c.in[c.have:])
	if errno == syscall.EAGAIN {
		return
	}
	if errno != 0 {
		r.fail(i, fmt.Errorf("receiving: %w", errno))
		return
	}
	if n == 0 {
		r.ended(i)
		return
	}
	c.have += n
	var got answered
	var err error
	if r.plan.Protocol == "grpc" {
		before := len(c.out)
		got, c.out, err = c.h2.parse(c.in[:c.have], c.out)
		if err == nil && len(c.out) > before && !got.complete && !r.flush(i) {
			return
		}
	} else {
		got, err = parseHTTP1(c.in[:c.have])
	}
	if err != nil {
		r.fail(i, err)
		return
	}
	if got.complete {
		if c.state != waiting {
			r.fail(i, fmt.Errorf("an answer to no request: %.80q", c.in[:c.have]))
			return
		}
		r.complete(i, got)
	} else if got.used > 0 {
		c.have = copy(c.in, c.in[got.used:c.have])
	}
}

func (r *run) complete(i int, got answered) {
	c := &r.connections[i]
	at := now()
	expected := r.plan.Requests[c.request].Answer
	if got.status == 200 && bytes.Equal(got.body, expected) {
		r.results.answered(r, c, at)
	} else {
		r.results.wrong(c.request, got, expected)
	}
	c.have = copy(c.in, c.in[got.used:c.have])
	if got.closing {
		r.close(i)
		c.state = idle
		r.results.reconnects++
		if at < r.end || r.plan.Rate > 0 {
			r.connect(i, at)
		}
		return
	}
	r.ready(i, at)
}

// ended by the server: a fault while an answer is awaited, otherwise its right.
func (r *run) ended(i int) {
	if r.connections[i].state == waiting {
		r.fail(i, fmt.Errorf("the server closed the connection instead of answering"))
		return
	}
	r.close(i)
	r.results.reconnects++
	r.connect(i, now())
}

// fail counts an error, once per request or attempt to connect, and has the connection made anew a little later.
func (r *run) fail(i int, err error) {
	r.results.failed(err)
	r.close(i)
	c := &r.connections[i]
	c.state = broken
	c.retryAt = now() + retryAfter
}

func (r *run) close(i int) {
	c := &r.connections[i]
	if c.fd >= 0 {
		syscall.Close(c.fd)
	}
	c.fd = -1
	for at, free := range r.free {
		if free == i {
			r.free = append(r.free[:at], r.free[at+1:]...)
			break
		}
	}
}
