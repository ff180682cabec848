#!/bin/sh
# Run a command as one named step: its time when it succeeds, its output and what to do when it fails.
# Usage: step.sh NAME ADVICE COMMAND [ARGUMENT ...]
set -u

name=$1
advice=$2
shift 2

output=$(mktemp)
trap 'rm -f "$output"' EXIT
started=$(date +%s)
printf '%-28s' "$name"
if "$@" >"$output" 2>&1; then
    echo "ok, $(($(date +%s) - started)) s"
else
    status=$?
    echo 'FAILED'
    cat "$output"
    echo "$name failed. $advice"
    exit "$status"
fi
