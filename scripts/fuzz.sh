#!/usr/bin/env bash
# fuzz.sh [TIME]: every fuzz target of the root module in turn, each for so long (20s, 3m, 1000x); without TIME, FUZZTIME or 30s.
# Inputs are hardly minimized: walks side by side take another way each time, on which the search for a smaller one would spend its time.
set -euo pipefail
cd "$(dirname "$0")/.."

ran=0
for package in $(go list ./...); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "$package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${1:-${FUZZTIME:-30s}}" -fuzzminimizetime 10x "$package"
		ran=$((ran + 1))
	done
done
echo "$ran fuzz targets"
[ "$ran" -gt 0 ]
