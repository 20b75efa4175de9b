#!/bin/bash
# Takes the screenshots in this folder: a relay, senders, and a real window on its own X server.
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
pkill -P $$ -f "view $host" || true
sleep 0.5

"$program" call "$host" --window 1280x720 --source "$data/astronaut_512x512.jpg" --size 640x480 --name "me" --quiet >/dev/null &
pids+=($!)
sleep 2
"$program" text "$host" --name "小明" "你好！画面很清楚 👍" --quiet
key t
xdotool type --delay 20 "hello, I see you well"
xdotool key Return
sleep 0.5
"$program" text "$host" --name "سارة" "مرحبا بالجميع" --quiet
sleep 0.7
shoot talk.jpg
pkill -P $$ -f "call $host" || true
sleep 0.5

# The middle of a film, with its bar and the pointer on the track.
ffmpeg -v error -loop 1 -framerate 1 -i "$data/raccoon_1024x768.jpg" -t 180 -c:v mjpeg -q:v 4 \
  -vf "scale=1280:720:force_original_aspect_ratio=increase,crop=1280:720" "$work/garden.mkv"
"$program" play "$work/garden.mkv" --window 1280x720 --quiet >/dev/null &
pids+=($!)
sleep 2
xdotool mousemove 500 667 mousedown 1 sleep 0.1 mouseup 1 sleep 0.1 mousemove 840 667
sleep 0.7
shoot film.jpg
kill "${pids[-1]}" || true
sleep 0.5

# The dashboard of another relay, in a terminal on the same display.
xterm -fa "DejaVu Sans Mono" -fs 11 -geometry 130x28 -bg "#101216" -fg "#f1f3f5" -e "$program" relay --listen 127.0.0.1:6868 --dashboard --lang en &
pids+=($!)
sleep 1
host=127.0.0.1:6868
send --source pattern --name "ann@desk"
send --source "$data/raccoon_1024x768.jpg" --name "花园 garden"
"$program" view "$host" --no-window --quiet >/dev/null &
pids+=($!)
sleep 6
import -window "$(xdotool search --onlyvisible --class xterm | head -1)" "$here/dashboard.png"
echo "made $here/{window,grid,talk,film}.jpg and $here/dashboard.png"
