//go:build linux

package main

import (
	"encoding/binary"
	"fmt"
)

// Frame types and flags of RFC 9113.
const (
	frameData         = 0x0
	frameHeaders      = 0x1
	frameReset        = 0x3
	frameSettings     = 0x4
	framePing         = 0x6
	frameGoAway       = 0x7
	frameWindowUpdate = 0x8

	flagEndStream  = 0x1
	flagAck        = 0x1
	flagEndHeaders = 0x4
	flagPadded     = 0x8

	frameHeader = 9
	// Windows as large as they may be: the server never waits for us.
	largestWindow = 1<<31 - 1
	firstWindow   = 1<<16 - 1
)

// http2 is one connection's state: as much of HTTP/2 as one gRPC call after another needs. Header blocks that come back are not
// decoded: an answer whose message is the expected one was a success.
type http2 struct {
	stream   uint32
	message  []byte
	received int
	// What we may still send on the connection.
	window int
}

// open begins a connection: preface, settings (no push, no table for header compression, so that a server's compressed
// headers need no state of ours), a large window.
func (h *http2) open(out []byte) []byte {
	*h = http2{window: firstWindow, message: h.message[:0]}
	out = append(out, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"...)
	out = appendFrame(out, frameSettings, 0, 0, 18)
	for _, setting := range [][2]uint32{{1, 0}, {2, 0}, {4, largestWindow}} {
		out = binary.BigEndian.AppendUint16(out, uint16(setting[0]))
		out = binary.BigEndian.AppendUint32(out, setting[1])
	}
	return appendWindowUpdate(out, largestWindow-firstWindow)
}

// request appends a call; block is the encoded header block, the same for all.
func (h *http2) request(out, block, message []byte) ([]byte, error) {
	if len(message) > h.window {
		return out, fmt.Errorf("a message of %d bytes does not fit the server's window of %d", len(message), h.window)
	}
	if h.stream == 0 {
		h.stream = 1
	} else {
		h.stream += 2
	}
	h.window -= len(message)
	h.message = h.message[:0]
	out = appendFrame(out, frameHeaders, flagEndHeaders, h.stream, len(block))
	out = append(out, block...)
	out = appendFrame(out, frameData, flagEndStream, h.stream, len(message))
	return append(out, message...), nil
}

// parse takes whole frames; reply is what the protocol wants sent back.
func (h *http2) parse(in, reply []byte) (answered, []byte, error) {
	got := answered{status: 200}
	for !got.complete && len(in)-got.used >= frameHeader {
		frame := in[got.used:]
		length := int(frame[0])<<16 | int(frame[1])<<8 | int(frame[2])
		if len(frame) < frameHeader+length {
			break
		}
		kind, flags := frame[3], frame[4]
		stream := binary.BigEndian.Uint32(frame[5:]) &^ (1 << 31)
		payload := frame[frameHeader : frameHeader+length]
		got.used += frameHeader + length
		switch kind {
		case frameData:
			if flags&flagPadded != 0 {
				return got, reply, fmt.Errorf("padded data")
			}
			if stream == h.stream {
				h.message = append(h.message, payload...)
			}
			if h.received += length; h.received > largestWindow/2 {
				reply = appendWindowUpdate(reply, uint32(h.received))
				h.received = 0
			}
		case frameSettings:
			if flags&flagAck == 0 {
				reply = appendFrame(reply, frameSettings, flagAck, 0, 0)
			}
		case framePing:
			if flags&flagAck == 0 {
				reply = append(appendFrame(reply, framePing, flagAck, 0, length), payload...)
			}
		case frameWindowUpdate:
			if stream == 0 && length == 4 {
				h.window += int(binary.BigEndian.Uint32(payload))
			}
		case frameReset, frameGoAway:
			return got, reply, fmt.Errorf("the server ended the stream or the connection (frame type %d: % x)", kind, payload)
		}
		if (kind == frameData || kind == frameHeaders) && stream == h.stream && flags&flagEndStream != 0 {
			got.complete = true
			got.body = h.message
		}
	}
	return got, reply, nil
}

func appendFrame(out []byte, kind, flags byte, stream uint32, length int) []byte {
	out = append(out, byte(length>>16), byte(length>>8), byte(length), kind, flags)
	return binary.BigEndian.AppendUint32(out, stream)
}

func appendWindowUpdate(out []byte, size uint32) []byte {
	return binary.BigEndian.AppendUint32(appendFrame(out, frameWindowUpdate, 0, 0, 4), size)
}

// headerBlock writes headers as HPACK's literals that are never put into a table (RFC 7541, 6.2.2), uncompressed.
func headerBlock(headers [][2]string) ([]byte, error) {
	var block []byte
	for _, header := range headers {
		block = append(block, 0)
		for _, text := range header {
			if len(text) >= 127 {
				return nil, fmt.Errorf("headers: %.40q… is longer than 126 bytes", text)
			}
			block = append(append(block, byte(len(text))), text...)
		}
	}
	return block, nil
}
