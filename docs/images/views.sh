#!/bin/bash
# Takes a screenshot of the window for each number of streams, size, scale and language, for review by people.
#   docs/images/views.sh PULSECAM-BINARY FOLDER
# Fewer of them: COUNTS="4 25" SIZES=640x360 SCALES=2 LANGUAGES=zh docs/images/views.sh …
set -euo pipefail
program=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
data=$(cd "$(dirname "$0")/../../tests/data" && pwd)
counts=${COUNTS:-1 2 3 4 6 7 16 25}
sizes=${SIZES:-640x360 1280x720 1080x1920}
scales=${SCALES:-1 2 3}
languages=${LANGUAGES:-en zh}
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

Xvfb -displayfd 3 -screen 0 1920x1920x24 -nolisten tcp -noreset 3>"$work/display" 2>/dev/null &
pids+=($!)
until [ -s "$work/display" ]; do sleep 0.1; done
export DISPLAY=:$(tr -d '\n' <"$work/display")

"$program" relay --listen 127.0.0.1:0 --json --quiet --max-per-address 0 --max-joins 0 >"$work/relay" &
pids+=($!)
until [ -s "$work/relay" ]; do sleep 0.1; done
host=$(sed -n 's/.*"addr":"\([^"]*\)".*/\1/p' "$work/relay" | head -1)

names=("ann@desk" "花园 garden" "Eileen" "مطبخ kitchen" "a camera with a very long name that no tile can show")
photos=("raccoon_1024x768.jpg" "astronaut_512x512.jpg" "coffee_600x400.jpg")
photo_sizes=(1280x720 720x720 720x1280 640x480)

# One more stream, of its own name, picture and proportions.
send() {
  local at=$1
  "$program" send "$host" --quiet --fps 3 --source "$data/${photos[at % 3]}" --size "${photo_sizes[at % 4]}" \
    --name "${names[at % 5]} $((at + 1))" >/dev/null &
  pids+=($!)
}

# Waits until the window has shown all streams.
shown() {
  local count=$1 events=$2 window=$3
  for _ in $(seq 200); do
    [ "$(grep -c '"event":"shown"' "$events")" -ge "$count" ] && return
    kill -0 "$window" || return 1
    sleep 0.1
  done
  echo "$count streams do not come" >&2
  return 1
}

senders=0 taken=0
for count in $counts; do
  while [ "$senders" -lt "$count" ]; do
    send "$senders"
    senders=$((senders + 1))
  done
  for size in $sizes; do
    for scale in $scales; do
      for language in $languages; do
        "$program" view "$host" --window "$size" --ui-scale "$scale" --lang "$language" --json --quiet >"$work/events" &
        window=$!
        shown "$count" "$work/events" "$window"
        # The figures beside the names come within a second.
        sleep 1
        id=$(xdotool search --onlyvisible --name '^pulsecam: ' | head -1)
        import -window "$id" -quality 80 "$folder/streams-$count-$size-x$scale-$language.jpg"
        kill "$window"
        wait "$window" || true
        taken=$((taken + 1))
      done
    done
  done
done
echo "took $taken screenshots: $folder"
