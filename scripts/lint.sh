#!/usr/bin/env bash
# golangci-lint where it is installed; else go vet, gofmt and a pinned staticcheck, which need the Go module proxy at most.
set -euo pipefail
cd "$(dirname "$0")/.."

staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2
unformatted=$(gofmt -l $(git ls-files -co --exclude-standard '*.go'))
if [ -n "$unformatted" ]; then
	echo "gofmt would change: $unformatted" >&2
	exit 1
fi
for module in . e2e; do
	cd "$module"
	if command -v golangci-lint >/dev/null; then
		golangci-lint run ./...
	else
		go vet ./...
		go run "$staticcheck" ./...
	fi
	cd - >/dev/null
done
