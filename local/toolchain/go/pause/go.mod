module modelport/pause

go 1.24.0
