#!/bin/sh
# What the image holds, put together in a folder: assemble.sh SOURCE TARGET PYTHON
#   SOURCE  the repository     TARGET  a new folder, at the path it will have when it runs
#   PYTHON  an interpreter that has the build tools of requirements.lock
# SERVICES (all) names the services to take. The Containerfile runs this, and so does the test that has no engine.
# The same source gives the same bytes: versions by hash, no time stamps but SOURCE_DATE_EPOCH, no path of the build.
set -eu
source=$1 target=$2 build=$3
services=${SERVICES:-$(cd "$source/services" && echo *)}
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-0}" PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore PIP_QUIET=1
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$build" -m venv --without-pip "$target"
into() { "$build" -m pip --python "$target/bin/python" install --no-compile "$@"; }
into --require-hashes --only-binary=:all: -r "$source/requirements-services.lock"

# Our own: contracts and chassis as wheels. Built from a copy, since generating code writes into the source.
mkdir "$work/source" "$work/wheels"
cp -R "$source/proto" "$source/libs/chassis" "$work/source/"
"$build" -m pip wheel --no-build-isolation --no-deps --wheel-dir "$work/wheels" "$work/source/proto" "$work/source/chassis"
into --no-index --no-deps --find-links "$work/wheels" closeloop-contracts closeloop-chassis

# A service lies beside its migrations, as in the repository, and is found by a path file.
packages=$(echo "$target"/lib/python3.*/site-packages)
for service in $services; do
  mkdir -p "$target/services/$service"
  cp -R "$source/services/$service/$service" "$target/services/$service/"
  if [ -d "$source/services/$service/migrations" ]; then
    cp -R "$source/services/$service/migrations" "$target/services/$service/"
  fi
  echo "$target/services/$service" >> "$packages/closeloop-services.pth"
done

# Compiled here, once: a read-only container could not keep what it compiles. Hashes instead of times.
find "$target" -type d -name __pycache__ -prune -exec rm -rf {} +
"$target/bin/python" -m compileall -q -j 0 --invalidation-mode unchecked-hash "$packages" "$target/services"
chmod -R a+rX,go-w "$target"
find "$target" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
