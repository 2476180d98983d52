//go:build linux

package main

import "syscall"

type run struct {
	plan        *Plan
	poller      *poller
	address     *syscall.SockaddrInet4
	block       []byte
	connections []connection
	// Open loop: connections with nothing to do, longest idle first.
	free []int
	next int
	// Nanoseconds: measuring begins, ends.
	begin, end int64
	started    int64
	sent       int
	results    results
}

func newRun(plan *Plan) (*run, error) {
	poller, err := newPoller()
	if err != nil {
		return nil, err
	}
	block, err := headerBlock(plan.Headers)
	if err != nil {
		return nil, err
	}
	r := &run{plan: plan, poller: poller, block: block, address: sockaddr(plan.Address)}
	r.connections = make([]connection, plan.Connections)
	for i := range r.connections {
		r.connections[i] = connection{fd: -1, in: make([]byte, bufferSize), out: make([]byte, 0, bufferSize)}
	}
	r.results = newResults(plan)
	return r, nil
}

func (r *run) loop() error {
	r.started = now()
	r.begin = r.started + int64(r.plan.WarmupSeconds*1e9)
	r.end = r.begin + int64(r.plan.Seconds*1e9)
	stop := r.end
	if r.plan.Rate > 0 {
		stop += int64(r.plan.GraceSeconds * 1e9)
	}
	for i := range r.connections {
		r.connect(i, r.started)
	}
	for at := r.started; at < stop && !r.finished(at); at = now() {
		r.sendDue(at)
		for _, event := range r.poller.wait(r.patience(at)) {
			r.handle(int(event.Fd), event.Events)
		}
	}
	r.results.lose(r)
	return nil
}

// finished: open loop, and every request that fell due has been answered or has failed.
func (r *run) finished(at int64) bool {
	if r.plan.Rate == 0 || at < r.end || r.due(r.sent) < r.end {
		return false
	}
	for i := range r.connections {
		if r.connections[i].state == waiting {
			return false
		}
	}
	return true
}

// due is when request i of an open loop falls due.
func (r *run) due(i int) int64 { return r.started + int64(float64(i)*1e9/r.plan.Rate) }

// sendDue starts what has fallen due and connects again what has broken.
func (r *run) sendDue(at int64) {
	for i := range r.connections {
		if c := &r.connections[i]; c.state == broken && c.retryAt <= at {
			r.connect(i, at)
		}
	}
	if r.plan.Rate == 0 {
		return
	}
	for len(r.free) > 0 {
		due := r.due(r.sent)
		if due > at || due >= r.end {
			return
		}
		i := r.free[0]
		r.free = append(r.free[:0], r.free[1:]...)
		r.sent++
		r.send(i, due)
	}
}

// patience is how long to wait for events, in milliseconds; below one it spins, as the core is its own.
func (r *run) patience(at int64) int {
	if r.plan.Rate > 0 && len(r.free) > 0 {
		if due := r.due(r.sent); due < r.end {
			return int(max(0, min(100_000_000, due-at)) / 1e6)
		}
	}
	return 5
}
