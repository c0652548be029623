#!/bin/sh
# `sam build` for one runtime, with a clear word when its interpreter is missing.
#
#   tools/build.sh <sam> python3.13 x86_64 [further options of sam build]
set -eu

sam=$1
runtime=$2
architecture=$3
shift 3

"$runtime" -c '' 2>/dev/null || {
    echo "build: sam build needs a $runtime on PATH to choose that runtime's wheels." >&2
    echo "build: install it, or build for the Python at hand: make build RUNTIME=python$("${PYTHON:-python3}" -c \
        'import sys; print("{}.{}".format(*sys.version_info))')" >&2
    exit 1
}
exec "$sam" build --parameter-overrides "PythonRuntime=$runtime" "Architecture=$architecture" "$@"
