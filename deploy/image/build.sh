#!/bin/sh
# Build the image with the engine at hand: IMAGE=registry.example.com/closeloop:0.1.0 sh deploy/image/build.sh
# Further arguments go to the engine (--push, --platform …).
set -eu
cd "$(dirname "$0")/../.."
image=${IMAGE:-closeloop:0.1.0}
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
set -- --file deploy/image/Containerfile --tag "$image" \
  --build-arg "SOURCE_DATE_EPOCH=$epoch" --build-arg "VERSION=${image##*:}" --build-arg "REVISION=$(git rev-parse HEAD)" \
  ${PIP_INDEX_URL:+--build-arg "PIP_INDEX_URL=$PIP_INDEX_URL"} ${BASE:+--build-arg "BASE=$BASE"} ${SERVICES:+--build-arg "SERVICES=$SERVICES"} "$@"
if docker buildx version >/dev/null 2>&1; then
  exec docker buildx build --output "type=image,name=$image,rewrite-timestamp=true" "$@" .
elif command -v podman >/dev/null 2>&1; then
  exec podman build --timestamp "$epoch" --ignorefile deploy/image/Containerfile.dockerignore "$@" .
fi
echo "make image: neither docker with buildx nor podman is there" >&2
exit 1
