#!/bin/sh
# `sam build` for one runtime, then byte code for all of it.
#
#   tools/build.sh <sam> python3.13 x86_64 [build folder [cache folder]]
#
# Lambda cannot write to the folders it imports from, so without byte code every cold start compiles every module again:
# that is two fifths of it. The byte code is checked against its source's hash, so it can be absent or old, never wrong.
set -eu

sam=$1
runtime=$2
architecture=$3
folder=${4:-.aws-sam/build}
cache=${5:-.aws-sam/cache}

"$runtime" -c '' 2>/dev/null || {
    echo "build: sam build needs a $runtime on PATH to choose that runtime's wheels." >&2
    echo "build: install it, or build for the Python at hand: make build RUNTIME=python$("${PYTHON:-python3}" -c \
        'import sys; print("{}.{}".format(*sys.version_info))')" >&2
    exit 1
}
"$sam" build --parameter-overrides "PythonRuntime=$runtime" "Architecture=$architecture" \
    --build-dir "$folder" --cache-dir "$cache"

# -s and -p: tracebacks name the place in Lambda, not the place of the build.
compile() {
    "$runtime" -m compileall -q -f --invalidation-mode checked-hash -s "$folder/$1" -p "$2" "$folder/$1"
}
compile PreAnnotationFunction /var/task
compile ConsolidationFunction /var/task
compile SharedLayer /opt
