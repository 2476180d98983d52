//go:build linux

package main

import (
	"bytes"
	"fmt"
)

// answered is what a protocol found in the bytes received so far.
type answered struct {
	// complete: an answer is there; the first `used` bytes belong to it.
	complete bool
	used     int
	status   int
	body     []byte
	// closing: the server ends the connection after this answer, and says so.
	closing bool
}

var (
	headEnd         = []byte("\r\n\r\n")
	contentLength   = []byte("content-length:")
	connectionField = []byte("connection:")
	closeToken      = []byte("close")
)

// parseHTTP1 reads one response with a Content-Length.
func parseHTTP1(in []byte) (answered, error) {
	end := bytes.Index(in, headEnd)
	if end < 0 {
		return answered{}, nil
	}
	if end < 12 || string(in[:5]) != "HTTP/" {
		return answered{}, fmt.Errorf("no HTTP response: %.80q", in)
	}
	got := answered{status: int(in[9]-'0')*100 + int(in[10]-'0')*10 + int(in[11]-'0')}
	length := -1
	for at := bytes.IndexByte(in, '\n') + 1; at > 0 && at < end; {
		line := in[at : end+2]
		if next := bytes.IndexByte(line, '\n'); next >= 0 {
			line = line[:next]
		}
		at += len(line) + 1
		if value, ok := field(line, contentLength); ok {
			length = 0
			for _, digit := range value {
				if digit < '0' || digit > '9' || length > 1<<30 {
					return got, fmt.Errorf("content-length: %q", value)
				}
				length = length*10 + int(digit-'0')
			}
		} else if value, ok := field(line, connectionField); ok {
			got.closing = bytes.EqualFold(value, closeToken)
		}
	}
	if length < 0 {
		return got, fmt.Errorf("a response without Content-Length: %.200q", in[:end])
	}
	if whole := end + len(headEnd) + length; len(in) >= whole {
		got.complete, got.used = true, whole
		got.body = in[end+len(headEnd) : whole]
	}
	return got, nil
}

// field is the value of a header line (which still ends in \r) when it has this lower-case name.
func field(line, name []byte) ([]byte, bool) {
	if len(line) <= len(name) || line[len(name)-1] != ':' || line[0]|0x20 != name[0] ||
		!bytes.EqualFold(line[:len(name)], name) {
		return nil, false
	}
	return bytes.TrimSpace(line[len(name):]), true
}
