#!/bin/sh
# Print the Python that the project's environments are made with, or name all that this machine lacks.
# PYTHON, where set, is the only one considered.
set -eu

missing=''
lacks() { missing="${missing}  - $1
"; }

[ "$(uname -s)" = Linux ] || lacks "Linux: the sandbox ends its programs by Linux's own means ($(uname -s) is not supported)"
command -v git >/dev/null 2>&1 || lacks 'git'

usable() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}
has_venv() {
    "$1" -c 'import venv, ensurepip' >/dev/null 2>&1
}

found=''
recent=''
for python in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
    usable "$python" || continue
    recent=$python
    if has_venv "$python"; then
        found=$python
        break
    fi
done
if [ -z "$recent" ]; then
    lacks "Python 3.11 or newer (looked for: ${PYTHON:-python3.13 python3.12 python3.11 python3}; set PYTHON to name another)"
elif [ -z "$found" ]; then
    lacks "$recent's venv module (on Debian and Ubuntu: apt-get install $recent-venv)"
fi

if [ -n "$missing" ]; then
    printf 'This machine lacks:\n%s' "$missing" >&2
    exit 1
fi
echo "$found"
