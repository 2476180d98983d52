//go:build linux

package main

import (
	"fmt"
	"slices"
	"strconv"
)

// Report is what came of a plan.
type Report struct {
	// Seconds that were measured.
	Seconds           float64 `json:"seconds"`
	RequestsPerSecond float64 `json:"requestsPerSecond"`
	// Answered in the measured time, as expected.
	Answered int `json:"answered"`
	// Statuses other than 200, by status; bodies other than expected; connections that broke. Of warm-up and measured time.
	Statuses   map[string]int `json:"statuses"`
	Bodies     int            `json:"bodies"`
	Broken     int            `json:"broken"`
	FirstError string         `json:"firstError,omitempty"`
	// Errors is their sum.
	Errors int `json:"errors"`
	// Lost: open loop, due and never answered.
	Lost int `json:"lost"`
	// Reconnects the server asked for.
	Reconnects int      `json:"reconnects"`
	Latency    Latency  `json:"latency"`
	Windows    []Window `json:"windows,omitempty"`
}

// Latency in microseconds, of the measured answers; percentiles are of all of them, not of a sample.
type Latency struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	Max  float64 `json:"max"`
}

// Window is a part of the measured time, by when requests were answered.
type Window struct {
	Second   float64 `json:"second"`
	Answered int     `json:"answered"`
	P50      float64 `json:"p50"`
	P99      float64 `json:"p99"`
}

// unit of a stored latency, in ns; a uint32 of them holds 42 s.
const unit = 10

type results struct {
	latencies  []uint32
	windowEnds []int
	windowNext int64
	statuses   map[string]int
	bodies     int
	broken     int
	firstError string
	lost       int
	reconnects int
}

func newResults(plan *Plan) results {
	expected := 200_000 * plan.Seconds
	if plan.Rate > 0 {
		expected = plan.Rate * plan.Seconds * 1.01
	}
	// Reserved, not touched: pages come as they are needed.
	return results{latencies: make([]uint32, 0, int(min(expected, 500e6))+1), statuses: map[string]int{}}
}

func (s *results) answered(r *run, c *connection, at int64) {
	// Closed: what was answered in the measured time. Open: what was due in it, whenever it was answered.
	if r.plan.Rate == 0 && (at < r.begin || at >= r.end) || r.plan.Rate > 0 && !c.measured {
		return
	}
	if width := int64(r.plan.WindowSeconds * 1e9); width > 0 {
		if s.windowNext == 0 {
			s.windowNext = r.begin + width
		}
		for at >= s.windowNext && s.windowNext < r.end {
			s.windowEnds = append(s.windowEnds, len(s.latencies))
			s.windowNext += width
		}
	}
	s.latencies = append(s.latencies, uint32(min((at-c.since)/unit, 1<<32-1)))
}

func (s *results) wrong(request int, got answered, expected []byte) {
	if got.status != 200 {
		s.statuses[strconv.Itoa(got.status)]++
		s.first(fmt.Sprintf("request %d: status %d: %.300q", request, got.status, got.body))
		return
	}
	s.bodies++
	s.first(fmt.Sprintf("request %d: expected %.300q, got %.300q", request, expected, got.body))
}

func (s *results) failed(err error) {
	s.broken++
	s.first(err.Error())
}

func (s *results) first(text string) {
	if s.firstError == "" {
		s.firstError = text
	}
}

// lose counts what an open loop had to send and has no answer to.
func (s *results) lose(r *run) {
	if r.plan.Rate == 0 {
		return
	}
	for i := range r.connections {
		if r.connections[i].state == waiting {
			s.lost++
		}
	}
	for r.due(r.sent) < r.end {
		r.sent++
		s.lost++
	}
}

func (r *run) report() Report {
	s := &r.results
	report := Report{
		Seconds: r.plan.Seconds, RequestsPerSecond: float64(len(s.latencies)) / r.plan.Seconds, Answered: len(s.latencies),
		Statuses: s.statuses, Bodies: s.bodies, Broken: s.broken, FirstError: s.firstError, Lost: s.lost, Reconnects: s.reconnects,
	}
	report.Errors = s.bodies + s.broken
	for _, count := range s.statuses {
		report.Errors += count
	}
	if r.plan.WindowSeconds > 0 {
		from := 0
		for i, to := range append(slices.Clone(s.windowEnds), len(s.latencies)) {
			part := slices.Clone(s.latencies[from:to])
			slices.Sort(part)
			report.Windows = append(report.Windows, Window{
				Second: float64(i) * r.plan.WindowSeconds, Answered: to - from, P50: quantile(part, 0.5), P99: quantile(part, 0.99),
			})
			from = to
		}
	}
	report.Latency = summary(s.latencies)
	return report
}

func summary(latencies []uint32) Latency {
	slices.Sort(latencies)
	sum := 0.0
	for _, latency := range latencies {
		sum += float64(latency)
	}
	return Latency{
		Mean: sum / float64(max(1, len(latencies))) * unit / 1000,
		P50:  quantile(latencies, 0.5), P90: quantile(latencies, 0.9), P99: quantile(latencies, 0.99), P999: quantile(latencies, 0.999),
		Max: quantile(latencies, 1),
	}
}

// quantile of sorted latencies by the nearest rank, in microseconds: a value that was measured. 0 of none.
func quantile(sorted []uint32, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(float64(len(sorted))*share + 0.9999999)
	return float64(sorted[max(1, min(rank, len(sorted)))-1]) * unit / 1000
}
