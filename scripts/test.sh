#!/usr/bin/env bash
# Sets up, then runs all tests of both modules under the race detector; arguments go to `go test`.
# RACE= leaves the race detector out, H5SERVE_SEED repeats a run's random choices, FULL=1 runs whole matrices, and where CI is set a skip is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
export H5SERVE_SEED=${H5SERVE_SEED:-$((RANDOM << 15 | RANDOM))}
echo "H5SERVE_SEED=$H5SERVE_SEED"

# A run that failed says so at its end, since go may fail before any test has.
tests() {
	go -C "$1" test ${RACE--race} -json -timeout 30m "${@:2}" ./... || echo "{\"Action\":\"failed\",\"Package\":\"$1\"}"
}
{ tests . "$@"; tests e2e "$@"; } | .venv/bin/python scripts/summary.py
