//go:build linux

package main

import (
	"fmt"
	"net/netip"
	"syscall"
	"time"
	"unsafe"
)

// The runtime's own wrappers hand the processor over around each call; with one thread there is nobody to hand it to.

func read(fd int, into []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&into[0])), uintptr(len(into)))
	return int(n), errno
}

func write(fd int, from []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&from[0])), uintptr(len(from)))
	return int(n), errno
}

// poller is an epoll instance, level-triggered.
type poller struct {
	fd     int
	events [256]syscall.EpollEvent
}

func newPoller() (*poller, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	return &poller{fd: fd}, err
}

// watch (EPOLL_CTL_ADD) or change (EPOLL_CTL_MOD) what a descriptor is watched for; events carry index back.
func (p *poller) watch(operation, fd, index int, writable bool) error {
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(index)}
	if writable {
		event.Events |= syscall.EPOLLOUT
	}
	return syscall.EpollCtl(p.fd, operation, fd, &event)
}

// wait for events, timeout in milliseconds; an interrupted wait is an empty one.
func (p *poller) wait(timeout int) []syscall.EpollEvent {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
		uintptr(len(p.events)), uintptr(timeout), 0, 0)
	if errno != 0 {
		return nil
	}
	return p.events[:n]
}

func socket() (int, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("no socket: %w", err)
	}
	return fd, syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
}

func sockaddr(address string) *syscall.SockaddrInet4 {
	parsed := netip.MustParseAddrPort(address)
	return &syscall.SockaddrInet4{Port: int(parsed.Port()), Addr: parsed.Addr().As4()}
}

var epoch = time.Now()

// now in nanoseconds, monotonic.
func now() int64 { return int64(time.Since(epoch)) }
