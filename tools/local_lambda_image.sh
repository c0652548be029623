#!/bin/sh
# Make a stand-in for AWS's Lambda base image, for machines that cannot pull it: Debian's Python with the runtime client
# and boto3, under the name that `sam local` looks for. It is good for running the functions here; it says nothing about
# whether the wheels fit Lambda's older C library, which tests/artefact checks by their tags.
#
#   sudo tools/local_lambda_image.sh 3.13        (3.11 and 3.13 are what Debian's releases have)
#
# Needs root, debootstrap, a running Docker engine, and `make setup` done. Packages come from the mirror apt uses.
set -eu

version=${1:?usage: tools/local_lambda_image.sh 3.11|3.13}
case $version in
    3.11) suite=bookworm ;;
    3.13) suite=trixie ;;
    *) echo "local_lambda_image: Debian has no release with Python $version; take 3.11 or 3.13" >&2; exit 1 ;;
esac
case $(uname -m) in
    x86_64) architecture=x86_64 platforms="--platform manylinux_2_28_x86_64 --platform manylinux2014_x86_64" ;;
    aarch64) architecture=arm64 platforms="--platform manylinux_2_28_aarch64 --platform manylinux2014_aarch64" ;;
    *) echo "local_lambda_image: Lambda has no $(uname -m)" >&2; exit 1 ;;
esac
for needed in debootstrap docker apt-get; do
    command -v "$needed" >/dev/null || { echo "local_lambda_image: needs $needed" >&2; exit 1; }
done
[ "$(id -u)" = 0 ] || { echo "local_lambda_image: debootstrap needs root" >&2; exit 1; }

# Where apt gets its packages, and how SAM calls the image: neither is guessed.
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -v security | head -n 1)
prefix=$(.tools/sam/bin/python -c 'from samcli.local.docker.lambda_image import LambdaImage as i; print(i._INVOKE_REPO_PREFIX)')
image=$prefix/python:$version-$architecture

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
debootstrap --variant=minbase --include=python3,ca-certificates "$suite" "$root" "$mirror" > "$root.log" || {
    tail "$root.log" >&2
    exit 1
}
rm -f "$root.log"

# shellcheck disable=SC2086 # several options
.tools/runtime/bin/python -m pip install --quiet --target "$root/var/runtime" --no-deps --only-binary=:all: \
    --implementation cp --python-version "$version" $platforms --require-hashes --requirement requirements/runtime.txt
cat > "$root/var/runtime/bootstrap" <<BOOTSTRAP
#!/bin/sh
export PYTHONPATH=/var/task:/opt/python/lib/python$version/site-packages:/opt/python:/var/runtime
exec /usr/bin/python3 -m awslambdaric "\$_HANDLER"
BOOTSTRAP
chmod 755 "$root" "$root/var/runtime/bootstrap"
mkdir -p "$root/var/task" "$root/opt"

tar -C "$root" --exclude=./var/cache/apt --exclude=./var/lib/apt/lists -c . | docker import \
    -c 'ENV LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime' -c 'WORKDIR /var/task' - "$image" >/dev/null
echo "made $image (Debian $suite, not Amazon Linux)"
