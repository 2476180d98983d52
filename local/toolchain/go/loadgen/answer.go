//go:build linux

package main

import (
	"bytes"
	"fmt"
	"syscall"
)

// answer serves every request with a constant, until standard input ends; the port is the first line printed. Requests must
// arrive in one piece, as loadgen's do.
func answer() error {
	listener, err := socket()
	if err != nil {
		return err
	}
	if err := syscall.Bind(listener, sockaddr("127.0.0.1:0")); err != nil {
		return err
	}
	if err := syscall.Listen(listener, 1024); err != nil {
		return err
	}
	bound, err := syscall.Getsockname(listener)
	if err != nil {
		return err
	}
	poller, err := newPoller()
	if err != nil {
		return err
	}
	for _, fd := range []int{listener, 0} {
		if err := poller.watch(syscall.EPOLL_CTL_ADD, fd, fd, false); err != nil {
			return err
		}
	}
	fmt.Println(bound.(*syscall.SockaddrInet4).Port)
	constant := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")
	buffer := make([]byte, bufferSize)
	for {
		for _, event := range poller.wait(-1) {
			switch fd := int(event.Fd); fd {
			case 0:
				return nil
			case listener:
				accepted, _, err := syscall.Accept4(listener, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
				if err == nil {
					err = poller.watch(syscall.EPOLL_CTL_ADD, accepted, accepted, false)
				}
				if err != nil {
					return err
				}
			default:
				n, errno := read(fd, buffer)
				if errno == syscall.EAGAIN {
					continue
				}
				if errno != 0 || n == 0 || !bytes.Contains(buffer[:n], headEnd) {
					syscall.Close(fd)
					continue
				}
				write(fd, constant)
			}
		}
	}
}
