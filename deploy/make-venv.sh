#!/bin/sh
# Creates a virtual environment with the first Python that is new enough, or says what is missing. The Makefile uses it.
set -eu
venv=$1

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

python=
for candidate in ${PYTHON:-python3 python3.11 python3.12 python3.13 python3.14 python}; do
    if new_enough "$candidate"; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || fail \
    "Python 3.11 or newer is needed, and ${PYTHON:-python3} is $(${PYTHON:-python3} --version 2>/dev/null || echo 'not there')." \
    'If it is installed under another name: make PYTHON=/path/to/python3 …'

# The embedded Temporal server comes as a wheel, which exists for these systems only.
system="$("$python" -c 'import platform; print(platform.system(), platform.machine())')"
case $system in
    'Linux x86_64' | 'Linux aarch64' | 'Linux arm64' | 'Darwin x86_64' | 'Darwin arm64') ;;
    *) fail "The embedded Temporal server has no build for this machine ($system): it runs on Linux and macOS, x86_64 and arm64." \
        'On Windows, WSL 2 is a Linux.' ;;
esac

if ! "$python" -m venv "$venv"; then
    rm -rf "$venv"
    fail "$python cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv"
fi
