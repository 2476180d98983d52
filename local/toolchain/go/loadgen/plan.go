//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
)

// Plan is what to send and how. Bytes are base64 in JSON.
type Plan struct {
	// Address is IP:port, a loopback address: this is no tool to load somebody else's machine with.
	Address string `json:"address"`
	// Protocol is http1 (a request's Send is the whole request, an answer its body) or grpc (Send and Answer are messages
	// with their five-byte prefix).
	Protocol string `json:"protocol"`
	// Headers of every grpc request, pseudo-headers first.
	Headers [][2]string `json:"headers"`
	// Connections, each with one request under way at most.
	Connections int `json:"connections"`
	// Rate 0: closed loop, a connection sends as soon as it has its answer. Otherwise open loop: so many requests a second
	// fall due whatever the server does, and latency counts from when a request was due.
	Rate float64 `json:"rate"`
	// WarmupSeconds are not measured, but their errors count.
	WarmupSeconds float64 `json:"warmupSeconds"`
	Seconds       float64 `json:"seconds"`
	// GraceSeconds after the last request was due; what has no answer by then is lost. Open loop only.
	GraceSeconds float64 `json:"graceSeconds"`
	// WindowSeconds cuts the report into windows; 0: none.
	WindowSeconds float64 `json:"windowSeconds"`
	// Requests are sent in turn.
	Requests []Request `json:"requests"`
}

// Request is what is sent and what must come back.
type Request struct {
	Send   []byte `json:"send"`
	Answer []byte `json:"answer"`
}

func readPlan(from io.Reader) (*Plan, error) {
	plan := &Plan{}
	decoder := json.NewDecoder(from)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(plan); err != nil {
		return nil, fmt.Errorf("the plan can't be read: %w", err)
	}
	address, err := netip.ParseAddrPort(plan.Address)
	switch {
	case err != nil:
		return nil, fmt.Errorf("address: got %q, IP:port is needed", plan.Address)
	case !address.Addr().Is4() || !address.Addr().IsLoopback():
		return nil, fmt.Errorf("address: got %q, one of 127.0.0.0/8 is needed", plan.Address)
	case plan.Protocol != "http1" && plan.Protocol != "grpc":
		return nil, fmt.Errorf("protocol: got %q, http1 or grpc is needed", plan.Protocol)
	case plan.Connections < 1 || plan.Connections > 1000:
		return nil, fmt.Errorf("connections: got %d, 1 to 1000 are needed", plan.Connections)
	case plan.Rate < 0 || plan.Rate > 1e6:
		return nil, fmt.Errorf("rate: got %g, 0 to 1,000,000 is needed", plan.Rate)
	case plan.Seconds <= 0 || plan.Seconds > 86400 || plan.WarmupSeconds < 0 || plan.WarmupSeconds > 60:
		return nil, fmt.Errorf("seconds: got %g after %g, a day after a minute at most", plan.Seconds, plan.WarmupSeconds)
	case plan.GraceSeconds < 0 || plan.GraceSeconds > 60 || plan.WindowSeconds < 0:
		return nil, fmt.Errorf("graceSeconds: got %g, 0 to 60 is needed", plan.GraceSeconds)
	case len(plan.Requests) == 0:
		return nil, fmt.Errorf("requests: none")
	}
	return plan, nil
}
