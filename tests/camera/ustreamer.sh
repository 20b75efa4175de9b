#!/bin/bash
# Measures ustreamer and pulsecam on the same simulated cameras, and writes the figures into a page.
#   tests/camera/ustreamer.sh PULSECAM-BINARY TEST-BINARY TEMPLATE PAGE
#   CAMERA_SECONDS=N   time of each of 24 measurements
# Needs what run.sh needs, and Debian's package ustreamer.
set -euo pipefail
program=$1 tests=$2 template=$3 page=$4
here=$(cd "$(dirname "$0")" && pwd)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
CAMERA_PROGRAM=$(command -v ustreamer) CAMERA_TEST=beside_ustreamer "$here/run.sh" "$program" "$tests" | tee "$log"
rows=$(sed -n 's/^.*##ROW //p' "$log")
[ -n "$rows" ] || { echo "FAIL: no figures" >&2; exit 1; }
text=$(cat "$template")
text=${text//'{{date}}'/$(date +%F)}
text=${text//'{{machine}}'/$(nproc) cores of $(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -1)}
text=${text//'{{version}}'/$("$program" --version)}
text=${text//'{{ustreamer}}'/$(ustreamer --version)}
printf '%s\n' "${text//'{{rows}}'/$rows}" >"$page"
