#!/bin/bash
# Makes the README's pictures from the real program: a relay, senders, and a real window on an X server of its own.
#   docs/images/make.sh PULSECAM-BINARY
set -euo pipefail
program=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
data=$here/../../tests/data
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

Xvfb -displayfd 3 -screen 0 1280x720x24 -nolisten tcp 3>"$work/display" 2>/dev/null &
pids+=($!)
until [ -s "$work/display" ]; do sleep 0.1; done
export DISPLAY=:$(tr -d '\n' <"$work/display")

"$program" relay --listen 127.0.0.1:0 --json --quiet >"$work/relay" &
pids+=($!)
until [ -s "$work/relay" ]; do sleep 0.1; done
host=$(sed -n 's/.*"addr":"\([^"]*\)".*/\1/p' "$work/relay" | head -1)

send() { "$program" send "$host" --quiet "$@" >/dev/null & pids+=($!); }
shoot() { import -window root -quality 85 "$here/$1"; }
key() { xdotool search --onlyvisible --name pulsecam windowfocus --sync key "$1"; sleep 0.5; }

send --source pattern --name "ann@desk"
sleep 1.5
"$program" view "$host" --window 1280x720 --quiet >/dev/null &
pids+=($!)
sleep 2
shoot window.jpg

send --source "$data/raccoon_1024x768.jpg" --name "花园 garden"
send --source "$data/astronaut_512x512.jpg" --size 720x720 --name "Eileen"
send --source "$data/coffee_600x400.jpg" --size 960x640 --name "مطبخ kitchen"
sleep 2
"$program" text "$host" --name "小明" "你好，世界! coffee is ready ☕" --quiet
sleep 1
key i
shoot grid.jpg
echo "made $here/window.jpg and $here/grid.jpg"
