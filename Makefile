# `make` builds bin/h5serve; CONTRIBUTING.md tells of the other targets.
LISTEN   ?= 127.0.0.1:8080
FUZZTIME ?= 20s
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.PHONY: build run test matrix sweep bench fuzz lint clean

build:
	@scripts/viewer.sh
	CGO_ENABLED=0 go build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/h5serve ./cmd/h5serve

run: build
	@bin/h5serve serve --listen $(LISTEN) || { \
	echo "h5serve has ended; where $(LISTEN) is taken, choose another address: make run LISTEN=127.0.0.1:8081" >&2; exit 1; }

test:
	@scripts/test.sh

matrix: # every combination instead of a covering set
	@FULL=1 RACE= scripts/test.sh -run Matrix

sweep: # every byte flipped, every truncation
	@FULL=1 RACE= scripts/test.sh -run Sweep

bench:
	go test -run '^$$' -bench . -benchmem ./...
	go -C e2e test -run '^$$' -bench . -benchtime 5x ./...

fuzz:
	@scripts/fuzz.sh $(FUZZTIME)

lint:
	@scripts/lint.sh

clean:
	rm -rf bin
