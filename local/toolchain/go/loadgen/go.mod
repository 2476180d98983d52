module modelport/loadgen

go 1.24.0
