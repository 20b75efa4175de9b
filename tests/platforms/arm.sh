#!/bin/bash
# Tests the program for ARM, of 64 or 32 bits, by qemu-user: the command line, the codecs, and the tests of the wire format.
# Usage: arm.sh PULSECAM [WIRE-TESTS]. Needs root.
set -euo pipefail
[ -n "${ALONE:-}" ] || ALONE=1 exec unshare --net sh -c 'ip link set lo up && exec "$@"' alone "$0" "$@"
tests=$(realpath "$(dirname "$0")")
program=$(realpath "${1:?usage: $0 PULSECAM [WIRE-TESTS]}")
wire=${2:+$(realpath "$2")}

work=$(mktemp -d /var/tmp/pulsecam-arm.XXXXXX)
trap 'rm -rf "$work"' EXIT
export HOME=$work
unset DISPLAY WAYLAND_DISPLAY
case $(readelf --file-header "$program") in
  *AArch64*) bits=64; qemu=(qemu-aarch64-static -L /usr/aarch64-linux-gnu) ;;
  *ARM*) bits=32; qemu=(qemu-arm-static -L /usr/arm-linux-gnueabihf) ;;
  *) echo "$program is not for ARM" >&2; exit 2 ;;
esac
say() { echo "$bits-bit ARM: $*"; }

cd "$work"
"$tests/program.sh" "${qemu[@]}" "$program"

if [ -n "$wire" ]; then
  say "tests of the wire format"
  "${qemu[@]}" "$wire" 2>&1 | tee wire.log
  grep -q '^test result: ok' wire.log
fi

say "codecs, whose times say nothing about a real machine"
"${qemu[@]}" "$program" bench codec --size 320x240 --for 2s | tee codec.log
grep -q 320x240 codec.log
say "worked under qemu-user"
