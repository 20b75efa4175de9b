#!/bin/bash
# Tests the container image: builds Dockerfile by buildah upon a base image made by debootstrap (no registry is asked), then
# runs the relay in it. Needs root on Debian, and the crate registry.
set -euo pipefail
cd "$(dirname "$0")/../.."
.ci/deps packages
. tests/packages/root.sh

say() { echo "container: $*"; }

# No overlay and no runtime of containers: this works in a container too.
export BUILDAH_ISOLATION=chroot
storage=(--root "$work/storage" --runroot "$work/run" --storage-driver vfs)
buildah() { command buildah "${storage[@]}" "$@"; }
# In a chroot, the relay would share ports with everything else here.
buildah_alone() { alone buildah "${storage[@]}" "$@"; }

say "base image"
make_root
# In a chroot, the root has to be a mount of its own.
base=$(buildah from scratch)
buildah add --quiet "$base" "$root" / >/dev/null
buildah commit --quiet "$base" localhost/debian:bookworm-slim >/dev/null
buildah rm "$base" >/dev/null
rm -rf --one-file-system "$root"

say "build"
buildah bud --pull-never --format docker --build-arg BASE=localhost/debian:bookworm-slim \
  ${CARGO_MOUNT:+--volume "$CARGO_MOUNT"} --tag pulsecam-relay . >"$work/log" 2>&1 || { tail -40 "$work/log"; exit 1; }

config() { buildah inspect --type image --format "$1" localhost/pulsecam-relay; }
[ "$(config '{{.Docker.Config.User}}')" = 65534:65534 ] || { say "runs as $(config '{{.Docker.Config.User}}')"; exit 1; }
# The words after `bash -c`, as a runtime would run them beside the relay.
health=$(config '{{index .Docker.Config.Healthcheck.Test 3}}')
grep -q healthz <<<"$health" || { say "no health check: $health"; exit 1; }

made=$(buildah from --pull-never localhost/pulsecam-relay)
plain=$(buildah from --pull-never localhost/debian:bookworm-slim)
size() { du -sm "$(buildah mount "$1")" | cut -f1; }
added=$(($(size "$made") - $(size "$plain")))
say "$added MB above its base"
[ "$added" -lt 30 ] || exit 1

say "run, as nobody, with the health check"
buildah_alone run --user 65534:65534 --env PULSECAM_ADMIN=6870 "$made" -- bash -c '
  set -e
  [ "$(id -u)" = 65534 ]
  pulsecam relay --listen 127.0.0.1:6868 --json >/tmp/events & relay=$!
  for try in $(seq 50); do (bash -c "$1") 2>/dev/null && break; sleep 0.1; done
  bash -c "$1"
  grep -q listening /tmp/events
  kill -TERM $relay; wait $relay
  ! bash -c "$1" 2>/dev/null' check "$health"
say "$added MB; built, ran, and was healthy while it ran"
