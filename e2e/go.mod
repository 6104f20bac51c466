// The tests from outside are a module of their own, so that what they need enters nobody's module graph.
module github.com/h5serve/h5serve/e2e

go 1.26.0

replace github.com/h5serve/h5serve => ../

require github.com/h5serve/h5serve v0.0.0-00010101000000-000000000000

require (
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/pierrec/lz4/v4 v4.1.33 // indirect
	golang.org/x/sync v0.24.0 // indirect
)
