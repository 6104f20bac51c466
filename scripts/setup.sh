#!/usr/bin/env bash
# Brings what the tests need: system packages, the Python packages of e2e/requirements*.txt into .venv, and what the
# browser runs into e2e/browser/node_modules. Builds the viewer.
# Does nothing where all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

system_packages() {
	local packages=(hdf5-tools python3-h5py python3-venv wget curl gdal-bin chromium)
	local present=1
	for tool in h5dump wget curl gdal_translate chromium; do command -v "$tool" >/dev/null || present=0; done
	/usr/bin/python3 -c 'import h5py, ensurepip' 2>/dev/null || present=0
	[ "$present" = 1 ] && return
	local sudo=sudo
	[ "$(id -u)" != 0 ] || sudo=
	if [ -z "$sudo" ] || [ -n "${CI:-}" ]; then
		$sudo apt-get update -qq && $sudo apt-get install -qq -y --no-install-recommends "${packages[@]}" && return
		[ -z "${CI:-}" ] || exit 1
	fi
	echo "Some tests are skipped until you type: sudo apt-get install -y ${packages[*]}" >&2
}

# The first Python that the pinned packages run on.
python() {
	for candidate in python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
		if "$candidate" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
			echo "$candidate"
			return
		fi
	done
	echo "The tests need Python 3.11 or newer with venv." >&2
	return 1
}

venv() {
	local stamp=.venv/requirements.txt
	cat e2e/requirements*.txt | cmp -s - "$stamp" && return
	echo "Installing e2e/requirements.txt into .venv"
	local chosen
	chosen=$(python)
	"$chosen" -m venv --clear .venv
	local install=(.venv/bin/python -m pip install --quiet --disable-pip-version-check)
	"${install[@]}" -r e2e/requirements.txt
	"${install[@]}" --no-deps --only-binary :all: --target .venv/ros3 -r e2e/requirements-ros3.txt ||
		echo "h5py-s3 has no build for this system; the test of libhdf5's new ros3 driver is skipped." >&2
	cat e2e/requirements*.txt >"$stamp"
}

browser() {
	local folder=e2e/browser
	cmp -s $folder/package-lock.json $folder/node_modules/installed.json && return
	if ! command -v npm >/dev/null; then
		echo "The test in a browser is skipped until there is Node 20 or newer with npm." >&2
		return
	fi
	echo "Installing $folder/package-lock.json"
	npm ci --prefix $folder --silent --no-audit --no-fund
	cp $folder/package-lock.json $folder/node_modules/installed.json
}

system_packages
venv
browser
scripts/viewer.sh
