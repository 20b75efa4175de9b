#!/bin/bash
# Uses the program as people do, on a system that this machine imitates: `program.sh COMMAND...`, where COMMAND runs the program,
# such as `wine pulsecam.exe`. Needs a network of its own with a loopback, and the current directory for its files.
#
# Checks what arrives, not when: an imitation says nothing about speed.
set -euo pipefail
photo=$(realpath "$(dirname "$0")/../data/coffee_600x400.jpg")
# What is sent as images, which on Windows the program itself expands.
images=${IMAGES:-photo.jpg}
# What cmd.exe starts the program by, on Windows.
cmd=${CMD:-}
here=127.0.0.1

program=("$@")
pulsecam() { "${program[@]}" "$@" </dev/null; }
say() { echo "platform: $*"; }
fail() {
  say "FAILED: $*"
  tail -n 5 ./*.json ./*.log 2>/dev/null | cut -c 1-300
  exit 1
}
# Waits until a file has a line like this. The first start of a program may take long here.
await() {
  for _ in $(seq 1200); do
    ! grep -q "$1" "$2" 2>/dev/null || return 0
    sleep 0.1
  done
  fail "$2 has no $1"
}
has() { grep -q "$1" "$2" || fail "$2 has no $1"; }
# Starts a relay on a port, and waits for it.
relay() {
  "${program[@]}" relay --listen "$here:$1" --json "${@:2}" >"relay-$1.json" 2>"relay-$1.log" </dev/null &
  relay=$!
  await '"listening"' "relay-$1.json"
}
stop() { kill "$1"; wait "$1" || true; }
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT

export PULSECAM_CONFIG= NO_COLOR=1
cp "$photo" photo.jpg

say "version, usage, key, certificate"
pulsecam --version | grep '^pulsecam [0-9]' || fail "no version"
status=0; pulsecam frobnicate 2>usage.log || status=$?
[ "$status" = 2 ] || fail "wrong usage: status $status"
pulsecam key >room.key
grep -qE '^[0-9a-f]{64}' room.key || fail "not a key"
pulsecam cert --cert cert.pem --key key.pem localhost >pin.log
pin=$(tr -d '\r' <pin.log | grep -oE '([0-9A-F]{2}:){31}[0-9A-F]{2}') || fail "no fingerprint"

say "relay, view, text, image, send"
relay 7001
"${program[@]}" view "$here:7001" --no-window --json --frames 30 >view.json 2>view.log </dev/null & view=$!
await '"state":"up"' view.json
pulsecam text "$here:7001" hello 你好 >text.log 2>&1 || fail "text"
pulsecam image "$here:7001" "$images" >image.log 2>&1 || fail "image"
"${program[@]}" send "$here:7001" --source pattern --size 640x480 --json >send.json 2>send.log </dev/null & sender=$!
wait "$view" || fail "view: status $?"
has '"event":"text","text":"hello 你好"' view.json
has '"event":"image",.*"width":600,"height":400' view.json
has '"event":"frame",.*"width":640,"height":480' view.json
has '"event":"summary","frames":30,' view.json
stop "$sender"
stop "$relay"

say "TLS and a key: text, record; and who is refused"
relay 7002 --tls-cert cert.pem --tls-key key.pem --key-file room.key
trusted=(--tls-pin "$pin" --key-file room.key)
pulsecam text "$here:7002" "${trusted[@]}" hello >text.log 2>&1 || fail "text over TLS"
"${program[@]}" send "$here:7002" "${trusted[@]}" --source pattern --size 320x240 >send.log 2>&1 </dev/null & sender=$!
pulsecam record "$here:7002" "${trusted[@]}" --frames 20 --out talk.mkv >record.log 2>&1 || fail "record: status $?"
[ "$(head -c 4 talk.mkv | od -An -tx1 | tr -d ' ')" = 1a45dfa3 ] || fail "talk.mkv is not Matroska"
stop "$sender"
! pulsecam text "$here:7002" --tls-pin "${pin:3}:${pin:0:2}" --key-file room.key --deadline 2s hello >refused.log 2>&1 || fail "a wrong pin is accepted"
has fingerprint refused.log
pulsecam key >other.key
! pulsecam text "$here:7002" --tls-pin "$pin" --key-file other.key --deadline 2s hello >refused.log 2>&1 || fail "a wrong key is accepted"
has key refused.log
stop "$relay"

say "a film from standard input"
relay 7003
"${program[@]}" view "$here:7003" --no-window --json --frames 5 >view.json 2>view.log </dev/null & view=$!
await '"state":"up"' view.json
send=(send "$here:7003" --source - --json)
if [ -n "$cmd" ]; then
  # A file that a shell of this machine redirects has no metadata under wine.
  "${program[0]}" cmd /c "$cmd ${send[*]} < talk.mkv" >film.json 2>film.log </dev/null || fail "send --source -: status $?"
else
  "${program[@]}" "${send[@]}" <talk.mkv >film.json 2>film.log || fail "send --source -: status $?"
fi
has '"captured":20,' film.json
wait "$view" || fail "view: status $?"
stop "$relay"

say "play, demo"
pulsecam play talk.mkv --no-window --json >play.json 2>play.log || fail "play"
has '"event":"frame"' play.json
pulsecam demo --no-window --for 5s --json >demo.json 2>demo.log || fail "demo: status $?"
has '"event":"frame"' demo.json
tail -1 demo.json | cut -c 1-400
say "all of it worked"
