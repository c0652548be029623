#!/bin/sh
# Make one virtual environment hold exactly what its lock file says; do nothing when it already does.
#
#   PYTHON=python3 tools/install.sh <environment> <lock file> [--project]
#
# With --project the repository itself is installed too, editable. An environment whose lock, interpreter or project
# file has changed is made anew, so that nothing of an older lock stays behind in it.
set -eu

environment=$1
lock=$2
project=${3:-}
python=${PYTHON:-python3}

command -v "$python" >/dev/null 2>&1 || {
    echo "install: no '$python' on PATH. Name a Python 3.11-3.14: make setup PYTHON=python3.13" >&2
    exit 1
}
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' || {
    echo "install: '$python' is $("$python" -V 2>&1), and Python 3.11-3.14 is needed: make setup PYTHON=python3.13" >&2
    exit 1
}

sources=$lock
[ -z "$project" ] || sources="$lock pyproject.toml"
# shellcheck disable=SC2086 # two file names
wanted=$("$python" - "$0" $sources <<'HASH'
import hashlib, pathlib, platform, sys
digest = hashlib.sha256(f"{sys.version} {platform.machine()}".encode())
for name in sys.argv[1:]:
    digest.update(pathlib.Path(name).read_bytes())
print(digest.hexdigest())
HASH
)
stamp=$environment/.installed
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    exit 0
fi

echo "installing $lock into $environment"
"$python" -c 'import venv' 2>/dev/null || {
    echo "install: '$python' has no venv module (on Debian and Ubuntu: apt install python3-venv)" >&2
    exit 1
}
"$python" -m venv --clear "$environment"
pip="$environment/bin/python -m pip install --quiet --disable-pip-version-check"
# The lock is complete: --no-deps spares pip a resolution of its own.
$pip --no-deps --require-hashes --requirement "$lock"
if [ -n "$project" ]; then
    # "compat" puts the repository on the path as it is, so that a package added later is there without installing again.
    $pip --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
fi
echo "$wanted" > "$stamp"
