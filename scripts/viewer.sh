#!/usr/bin/env bash
# Builds the viewer into web/dist, which is embedded, when web/ is not what it was built from last. Where Node 20.19 or
# newer with npm is missing, or its packages cannot be had, says so in one line.
set -euo pipefail
cd "$(dirname "$0")/../web"

without() {
	if [ -f dist/index.html ]; then
		echo "$1: h5serve is built with the viewer of before."
	else
		echo "$1: h5serve is built without the viewer."
	fi
	exit 0
}

new_enough='const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || major == 20 && minor >= 19 ? 0 : 1)'
if ! command -v npm >/dev/null || ! node -e "$new_enough" 2>/dev/null; then
	without "Node 20.19 or newer with npm was not found"
fi

inputs=$(find . \( -name node_modules -o -name dist \) -prune -o -type f ! -name '*.go' -exec cksum {} + | LC_ALL=C sort -k 3)
built=node_modules/built-from
[ -f dist/index.html ] && [ "$(cat $built 2>/dev/null)" = "$inputs" ] && exit

if ! cmp -s package-lock.json node_modules/installed.json; then
	echo "Installing web/package-lock.json"
	if ! npm ci --silent --ignore-scripts --no-audit --no-fund; then
		[ -z "${CI:-}" ] || exit 1
		without "The packages of web/ could not be installed"
	fi
	cp package-lock.json node_modules/installed.json
fi
echo "Building the viewer"
rm -rf dist/assets dist/index.html
npm run --silent build
printf '%s\n' "$inputs" >$built
