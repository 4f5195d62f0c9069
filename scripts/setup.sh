#!/bin/sh
# Makes the virtual environment: `sh scripts/setup.sh .venv`. Called by `make setup`.
set -eu
venv="$1"

fail() { printf 'error: %s\n' "$1" >&2; exit 2; }

python=""
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
        python="$candidate"
        break
    fi
done
[ -n "$python" ] || fail "Python 3.11, 3.12 or 3.13 not found; install one (Debian, Ubuntu: apt install python3 python3-venv) or set PYTHON=/path/to/python3"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$("$python" -V) has no venv module; install it (Debian, Ubuntu: apt install python3-venv)"

# An environment without the .ready mark may be half made: start it anew unless it only needs new packages.
"$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear "$venv"
echo "installing the pinned packages into $venv (some minutes, about 6 GB with PyTorch's CUDA build) …"
# Debian's own pip is too old for some of the wheels.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade pip
# Without setuptools' warning that an editable installation is one.
PYTHONWARNINGS=ignore "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,gallery,export,shards]"
