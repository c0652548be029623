#!/bin/sh
# Resolve every lock in requirements/ anew: one file for Python 3.11-3.14 on any platform, with hashes.
set -eu

environment=.tools/uv
[ -x "$environment/bin/uv" ] || tools/install.sh "$environment" requirements/uv.txt
compile() {
    "$environment/bin/uv" pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
        --custom-compile-command "make lock" --quiet "$@"
}

compile --extra dev pyproject.toml --constraint shared/requirements.txt --output-file requirements/project.txt
for name in ministack runtime sam uv peers/main peers/datumaro peers/panoptes peers/skweak; do
    compile "requirements/$name.in" --output-file "requirements/$name.txt"
done
