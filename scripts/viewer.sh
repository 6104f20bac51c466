#!/usr/bin/env bash
# Says in one line that the viewer is left out, where Node 20.19 or newer with npm is missing.
set -euo pipefail

new_enough='const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || major == 20 && minor >= 19 ? 0 : 1)'
if ! command -v npm >/dev/null || ! node -e "$new_enough" 2>/dev/null; then
	echo "Node 20.19 or newer with npm was not found: h5serve is built without the viewer."
fi
