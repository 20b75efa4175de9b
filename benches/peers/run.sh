#!/bin/bash
# Measures pulsecam and its peers doing the same work, in turn; writes docs/peers.md from the results.
#   benches/peers/run.sh PULSECAM-BINARY WORK-DIRECTORY
# Environment: ROUNDS (5), SECONDS_EACH (6), TRIAL_ROUNDS (3; 0: none), FANOUT_FOR (120s),
# SIZES ("640x480@60 1280x720@30 1920x1080@30"), DOCS (what to write: docs/peers.md).
set -euo pipefail

if [ $# != 2 ]; then
  sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
program=$(realpath "$1")
mkdir -p "$2"
built=$(realpath "$2")
rounds=${ROUNDS:-5}
seconds=${SECONDS_EACH:-6}
trial_rounds=${TRIAL_ROUNDS:-3}
fanout_for=${FANOUT_FOR:-120s}
read -ra sizes <<<"${SIZES:-640x480@60 1280x720@30 1920x1080@30}"
docs=${DOCS:-$here/../../docs/peers.md}
results=$built/results.jsonl
work=$(mktemp -d)
relays=()
trap 'kill "${relays[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

say() { echo "bench-peers: $*" >&2; }
flags() { pkg-config "$1" "${@:2}"; }

# ---- Build, with Debian's compiler and libraries and nothing else ----------------------------------------------------

# build SOURCE PROGRAM COMPILER… -- PKG-CONFIG-MODULE…
build() {
  local source=$1 into=$2 compiler=() modules
  shift 2
  while [ "$1" != -- ]; do compiler+=("$1"); shift; done
  shift
  modules=("$@")
  [ "$into" -nt "$source" ] && [ "$into" -nt "$here/common.h" ] && return
  # shellcheck disable=SC2046 # flags are words
  "${compiler[@]}" -O2 $(flags --cflags "${modules[@]}") "$source" -o "$into" $(flags --libs "${modules[@]}") -lpthread
}
c=(gcc -std=gnu11 -Wall -Wextra -Werror)
build "$here/gst.c" "$built/gst" "${c[@]}" -- gstreamer-app-1.0 gio-2.0
build "$here/gst-relay.c" "$built/gst-relay" "${c[@]}" -- gstreamer-1.0 gio-2.0
build "$here/ffmpeg.c" "$built/ffmpeg" "${c[@]}" -- libavformat libavcodec libswscale libavutil
build "$here/../../tests/qt/peer.cpp" "$built/qt-peer" g++ -fPIC -- Qt5Core Qt5Gui Qt5Network

# ---- The machine and versions ----------------------------------------------------------------------------------------

# "A, B, C": installed packages only.
versions() {
  dpkg-query -W -f '${db:Status-Abbrev}${Package} ${Version}\n' "$@" 2>/dev/null | sed -n 's/^ii *//p' | paste -sd, | sed 's/,/, /g'
}
record() { jq -c . >>"$results"; }

: >"$results"
# Read before the benchmark starts: it tells how quiet the machine was.
read -r load _ </proc/loadavg
jq -n --arg date "$(date -u +%F)" --arg load "$load" \
  --arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)" --arg cores "$(nproc)" \
  --arg system "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)" --arg rounds "$rounds" --arg seconds "$seconds" \
  --arg trial_rounds "$trial_rounds" --arg fanout_for "$fanout_for" \
  --arg gst "$(versions libgstreamer1.0-0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav)" \
  --arg ffmpeg "$(versions libavcodec59 libavcodec60 libavcodec61 libswscale6 libswscale7 libswscale8)" \
  --arg jpeg "$(versions libjpeg62-turbo)" --arg qt "$(versions libqt5network5 libqt5network5t64)" \
  --arg ours "$("$program" --version)" --arg commit "$(git -C "$here" rev-parse --short HEAD 2>/dev/null || true)" \
  '{kind: "run"} + $ARGS.named' | record

# ---- The pictures, and each encoder's output -------------------------------------------------------------------------

split_size() { size=${1%@*} fps=${1#*@}; }

for each in "${sizes[@]}"; do
  split_size "$each"
  say "pictures and JPEG sizes at $size"
  raw=$work/$size.raw
  "$program" bench scene --size "$size" --out "$raw"
  "$program" bench scene --size "$size" --quality 80 --out "$work/pulsecam.mjpeg"
  common=(--floor --pictures "$raw" --size "$size" --fps "$fps" --seconds 1)
  "$built/gst" "${common[@]}" --dump "$work/gstreamer.mjpeg" >/dev/null
  "$built/ffmpeg" "${common[@]}" --dump "$work/ffmpeg.mjpeg" >/dev/null
  count=$(($(stat -c %s "$raw") / (${size%x*} * ${size#*x} * 3 / 2)))
  for encoder in pulsecam gstreamer ffmpeg; do
    # The same decoder for all, so that only the encoders differ.
    psnr=$(ffmpeg -hide_banner -nostats -r 30 -f mjpeg -i "$work/$encoder.mjpeg" \
      -r 30 -f rawvideo -pix_fmt yuvj420p -s "$size" -i "$raw" -lavfi psnr -f null - 2>&1 |
      sed -n 's/.*PSNR y:\([0-9.]*\).*average:\([0-9.]*\).*/{"psnr_y":\1,"psnr":\2}/p')
    jq -n --arg size "$size" --arg encoder "$encoder" --argjson psnr "$psnr" \
      --argjson bytes "$(($(stat -c %s "$work/$encoder.mjpeg") / count))" \
      '{kind: "jpeg", $size, $encoder, $bytes} + $psnr' | record
  done
done

# ---- The relays ------------------------------------------------------------------------------------------------------

# start_relay NAME COMMAND…: writes its output to $work/NAME.out and sets `pid`. It ends with its standard
# input, a pipe that this shell holds open.
start_relay() {
  local name=$1 hold
  shift
  mkfifo "$work/$name.in"
  "$@" <"$work/$name.in" >"$work/$name.out" 2>"$work/$name.err" &
  pid=$!
  relays+=("$pid")
  # shellcheck disable=SC2034 # open until this shell ends
  exec {hold}>"$work/$name.in"
  for _ in {1..100}; do
    [ -s "$work/$name.out" ] && return
    sleep 0.05
  done
  say "the relay $name did not start: $(cat "$work/$name.err")"
  exit 1
}
start_relay qt "$built/qt-peer" relay 0 --quiet
qt_pid=$pid
qt_address=127.0.0.1:$(sed -n 's/^listening //p' "$work/qt.out")

# ---- Latency: each contestant once per round -------------------------------------------------------------------------

# arm NAME SIZE FPS: measures once and prints its figures.
gst() { "$built/gst" --pictures "$work/$1.raw" --size "$1" --fps "$2" --seconds "$seconds" "${@:3}"; }
ffm() { "$built/ffmpeg" --pictures "$work/$1.raw" --size "$1" --fps "$2" --seconds "$seconds" "${@:3}"; }
ours() { "$program" bench latency --size "$1" --fps "$2" --quality 80 --for "${seconds}s" --json "${@:3}"; }

# The settings that were best for each peer in the trials below.
gst_best=(--source 262144)
gst_bgrx=(--convert "videoconvert n-threads=2")
ffm_best=(--threads 2)
ffm_bgrx=(--bgr 1)
arm() {
  case $1 in
    ours) ours "$2" "$3" ;;
    ours-qt) ours "$2" "$3" --via "$qt_address" ;;
    gst) gst "$2" "$3" "${gst_best[@]}" "${gst_bgrx[@]}" ;;
    gst-relay) gst "$2" "$3" "${gst_best[@]}" "${gst_bgrx[@]}" --relay ;;
    gst-planes) gst "$2" "$3" "${gst_best[@]}" ;;
    gst-floor) gst "$2" "$3" "${gst_bgrx[@]}" --floor ;;
    ffmpeg) ffm "$2" "$3" "${ffm_best[@]}" "${ffm_bgrx[@]}" ;;
    ffmpeg-planes) ffm "$2" "$3" "${ffm_best[@]}" ;;
    ffmpeg-floor) ffm "$2" "$3" "${ffm_best[@]}" "${ffm_bgrx[@]}" --floor ;;
    # Trials: one change at a time.
    t-gst-as-is) gst "$2" "$3" --nagle --convert videoconvert ;;
    t-gst-as-is-relay) gst "$2" "$3" --nagle --convert videoconvert --relay ;;
    t-gst-nodelay) gst "$2" "$3" --convert videoconvert ;;
    t-gst-nodelay-relay) gst "$2" "$3" --convert videoconvert --relay ;;
    t-gst-64k) gst "$2" "$3" --source 65536 --convert videoconvert ;;
    t-gst-256k) gst "$2" "$3" --source 262144 --convert videoconvert ;;
    t-gst-256k-2) gst "$2" "$3" --source 262144 --convert "videoconvert n-threads=2" ;;
    t-gst-queue) gst "$2" "$3" --source 262144 --convert "queue ! videoconvert" ;;
    t-gst-libav) gst "$2" "$3" --source 262144 --convert videoconvert --decoder "jpegparse ! avdec_mjpeg" ;;
    t-gst-slices) gst "$2" "$3" --source 262144 --convert videoconvert \
      --encoder "avenc_mjpeg bitrate=1000000000 qmin=3 qmax=3 huffman=default threads=auto thread-type=slice" ;;
    t-gst-islow) gst "$2" "$3" --source 262144 --convert videoconvert \
      --encoder "jpegenc quality=80 idct-method=islow" --decoder "jpegdec idct-method=islow" ;;
    t-ffm-plain) ffm "$2" "$3" --bgr 1 ;;
    t-ffm-optimal) ffm "$2" "$3" --huffman optimal --bgr 1 ;;
    t-ffm-direct) ffm "$2" "$3" --direct --bgr 1 ;;
    t-ffm-slices) ffm "$2" "$3" --threads 2 --bgr 1 ;;
    t-ffm-slices-bgr) ffm "$2" "$3" --threads 2 --bgr 2 ;;
    *) return 2 ;;
  esac
}

arms=(ours gst gst-relay gst-planes gst-floor ffmpeg ffmpeg-planes ffmpeg-floor)
if "$program" bench latency --help | grep -q -- --via; then
  arms+=(ours-qt)
else
  say "this pulsecam has no 'bench latency --via': the path through the Qt relay is skipped"
fi

# measure KIND ROUND SIZE@FPS ARM
measure() {
  split_size "$3"
  say "$1, round $2: $size at $fps/s, $4"
  arm "$4" "$size" "$fps" | jq -c --arg kind "$1" --argjson round "$2" --arg size "$size" --argjson fps "$fps" --arg arm "$4" \
    '{$kind, $round, $size, $fps, $arm, frames, bytes_per_frame, whole: .whole_ms, floor: .floor_ms, replaced, cpu_ms_per_frame, floor_cpu_ms_per_frame, noisy}' \
    >>"$results"
}
for ((round = 1; round <= rounds; ++round)); do
  for each in "${sizes[@]}"; do
    # Each round starts with another one, so that none always follows the same one.
    for ((i = 0; i < ${#arms[@]}; ++i)); do
      measure latency "$round" "$each" "${arms[(i + round - 1) % ${#arms[@]}]}"
    done
  done
done
# At the last size, where threads and large reads matter most.
for ((round = 1; round <= trial_rounds; ++round)); do
  for trial in t-gst-{as-is,as-is-relay,nodelay,nodelay-relay,64k,256k,256k-2,queue,libav,slices,islow} t-ffm-{plain,optimal,direct,slices,slices-bgr}; do
    measure trial "$round" "${sizes[-1]}" "$trial"
  done
done

# ---- Fan-out: our load generator for all; it reads a relay's cost from /proc -----------------------------------------

if "$program" bench fanout --help 2>/dev/null | grep -q -- --against; then
  start_relay gst "$built/gst-relay"
  gst_pid=$pid
  start_relay small "$built/gst-relay" --block 4096
  small_pid=$pid
  ends() { jq -r '"\(.in),\(.out)"' "$work/$1.out"; }
  say "fan-out, $fanout_for"
  "$program" bench fanout --viewers 1,4,16,64 --bytes 100kB --for "$fanout_for" --json \
    --against "gstreamer,$(ends gst),$gst_pid" --against "gstreamer-4k,$(ends small),$small_pid" \
    --against "qt,$qt_address,$qt_address,$qt_pid" |
    jq -c '{kind: "fanout"} + .' >>"$results"
else
  say "this pulsecam has no 'bench fanout --against': fan-out is skipped"
fi

# ---- The document ----------------------------------------------------------------------------------------------------

jq -rs --rawfile template "$here/../../docs/peers.in.md" -f "$here/report.jq" "$results" >"$work/peers.md"
cp "$work/peers.md" "$docs"
say "raw figures in $results, tables in $docs"
