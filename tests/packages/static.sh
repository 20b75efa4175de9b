#!/bin/bash
# Tests the static relay: that it is one, how large it is, and that it works in a root that has nothing else.
# Usage: static.sh PROGRAM. Needs root on Linux.
set -euo pipefail
program=$(realpath "${1:?usage: $0 PROGRAM}")
[ -n "${ALONE:-}" ] || ALONE=1 exec unshare --net sh -c 'ip link set lo up && exec "$@"' alone "$0" "$@"
# What a relay alone may weigh, in bytes.
limit=6000000

say() { echo "static: $*"; }
work=$(mktemp -d /var/tmp/pulsecam-static.XXXXXX)
relay=
finish() {
  [ -z "$relay" ] || kill "$relay" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

! readelf --program-headers --wide "$program" | grep INTERP || { say "it is not static"; exit 1; }
size=$(stat -c %s "$program")
say "$size bytes"
[ "$size" -le "$limit" ] || { say "more than $limit"; exit 1; }

cp "$program" "$work/pulsecam"
in_nothing() { chroot "$work" /pulsecam "$@"; }
in_nothing --version
in_nothing cert --cert /cert.pem --key /key.pem localhost >/dev/null
in_nothing key >"$work/room.key"

# Prints what the relay answers: `ask PORT PATH`.
ask() {
  exec 3<>"/dev/tcp/127.0.0.1/$1"
  printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&3
  tr -d '\r\0' <&3
  exec 3>&-
}
# Starts a relay with these options, and waits for it.
start() {
  # Not by the function: $! would be a shell, and the relay would outlive it.
  chroot "$work" /pulsecam relay --listen 127.0.0.1:6868 --json "$@" >"$work/events" & relay=$!
  for _ in $(seq 100); do ! grep -q listening "$work/events" || return 0; sleep 0.1; done
  say "does not start"
  return 1
}
end() { kill "$relay" && wait "$relay"; relay=; }

say "a relay with its page"
start
ask 6868 / | grep '^HTTP/1.1 200' >/dev/null || { say "no page"; exit 1; }
end

say "a relay with a certificate and a key, healthy"
PULSECAM_ADMIN=6869 start --tls-cert /cert.pem --tls-key /key.pem --key-file /room.key
ask 6869 /healthz | grep '^HTTP/1.1 200' >/dev/null || { say "not healthy"; exit 1; }
end
say "worked in an empty root"
