#!/bin/bash
# Tests the program for Windows under wine: the command line, the window under Xvfb, and the tests of the wire format.
# Usage: windows.sh PULSECAM.EXE [WIRE-TESTS.EXE], or windows.sh ARCHIVE.zip, which is unpacked first. Needs root. SCREENSHOT=FILE
# keeps the picture of the window.
set -euo pipefail
# Wine's server owns the sockets, so all of it gets the network of its own.
[ -n "${ALONE:-}" ] || ALONE=1 exec unshare --net sh -c 'ip link set lo up && exec "$@"' alone "$0" "$@"
tests=$(realpath "$(dirname "$0")")
program=$(realpath "${1:?usage: $0 PULSECAM.EXE [WIRE-TESTS.EXE] | ARCHIVE.zip}")
wire=${2:+$(realpath "$2")}

work=$(mktemp -d /var/tmp/pulsecam-windows.XXXXXX)
export WINEPREFIX=$work/prefix WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml=" LC_ALL=C.UTF-8 HOME=$work
unset DISPLAY WAYLAND_DISPLAY
wine=/usr/lib/wine/wine64
xvfb=
finish() {
  /usr/lib/wine/wineserver64 --kill || true
  [ -z "$xvfb" ] || kill "$xvfb"
  rm -rf "$work"
}
trap finish EXIT
say() { echo "windows: $*"; }

# Wine 8 lacks one library of Windows 10, which each Rust program asks for random numbers.
mkdir "$work/bin"
case $program in
  *.zip)
    say "the archive"
    python3 -m zipfile -e "$program" "$work/unpacked"
    ls -l "$work"/unpacked/*
    mv "$work"/unpacked/*/* "$work/bin/"
    ;;
  *) cp "$program" "$work/bin/pulsecam.exe" ;;
esac
[ -z "$wire" ] || cp "$wire" "$work/bin/wire.exe"
cat >"$work/random.c" <<'C'
unsigned char __stdcall SystemFunction036(void *buffer, unsigned long length);
__declspec(dllexport) int ProcessPrng(unsigned char *buffer, unsigned long long length) { return SystemFunction036(buffer, length); }
C
x86_64-w64-mingw32-gcc -shared -o "$work/bin/bcryptprimitives.dll" "$work/random.c" -ladvapi32

say "libraries that it needs"
x86_64-w64-mingw32-objdump -p "$work/bin/pulsecam.exe" | sed -n 's/.*DLL Name: //p' | sort | tr '\n' ' '
echo
cd "$work"
"$wine" wineboot --init >wineboot.log 2>&1 || { cat wineboot.log; exit 1; }
IMAGES='*.jpg' CMD='bin\pulsecam.exe' "$tests/program.sh" "$wine" "$work/bin/pulsecam.exe"

if [ -n "$wire" ]; then
  say "tests of the wire format"
  "$wine" "$work/bin/wire.exe" 2>&1 | tee wire.log
  grep -q '^test result: ok' wire.log
fi

say "window"
# Wine's desktop, if something has started it without a display, opens no window. The server may have ended by itself.
/usr/lib/wine/wineserver64 --kill || true
display=$(mktemp "$work/display.XXX")
Xvfb -displayfd 3 -screen 0 1400x900x24 -nolisten tcp 3>"$display" 2>/dev/null & xvfb=$!
for _ in $(seq 100); do [ -s "$display" ] && break; sleep 0.1; done
export DISPLAY=:$(cat "$display")
"$wine" "$work/bin/pulsecam.exe" demo --json >window.json 2>window.log </dev/null & demo=$!
for _ in $(seq 300); do xdotool search --name pulsecam >/dev/null 2>&1 && break; sleep 0.2; done
xdotool search --name pulsecam >/dev/null || { say "no window"; cat window.log; exit 1; }
for _ in $(seq 300); do grep -q '"decoded":true' window.json && break; sleep 0.2; done
grep -q '"decoded":true' window.json || { say "nothing was decoded for the window"; cat window.log; exit 1; }
colours=0
# The first picture may be of a window that has not been drawn yet.
for _ in $(seq 20); do
  import -window root "$work/window.png"
  colours=$(identify -format %k "$work/window.png")
  [ "$colours" -lt 1000 ] || break
  sleep 0.5
done
[ -z "${SCREENSHOT:-}" ] || cp "$work/window.png" "$SCREENSHOT"
[ "$colours" -ge 1000 ] || { say "the window has $colours colours"; exit 1; }
kill "$demo"; wait "$demo" || true
say "worked under wine; the window had $colours colours"
