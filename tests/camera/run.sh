#!/bin/bash
# Tests with real V4L2 devices, without a camera. Boots Debian's stock kernel in QEMU (software emulation)
# with `vivid`, the kernel's virtual video driver, and `uvcvideo` with `vhci-hcd`, to which the tests connect
# simulated USB webcams, and v4l2loopback, which is built from Debian's source; runs the tests there.
#   tests/camera/run.sh PULSECAM-BINARY TEST-BINARY
#   CAMERA_TEST=NAME     only tests whose name contains this
#   CAMERA_PROGRAM=FILE  another program for the guest, under /bin; CAMERA_SECONDS=N for tests that measure
#   CAMERA_FRAMES=N      frames of the endurance test; 108000 are one hour of video and take nine minutes
#   VM_TIMEOUT=SECONDS   time limit for the guest
#   PULSECAM_SKIP_VM=1   skip, if no virtual machine can run: prints a message and exits with status 0
# Exit status: 0 passed, 1 failed or could not run. Needs root on Debian x86-64; takes about a minute after the first run.
set -euo pipefail
if [ "${PULSECAM_SKIP_VM:-}" = 1 ]; then
  echo "SKIPPED camera: PULSECAM_SKIP_VM=1, no test ran on a real V4L2 device" >&2
  exit 0
fi
program=$(realpath "$1")
tests=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
cache=${CARGO_TARGET_DIR:-$here/../../target}/camera-vm
limit=${VM_TIMEOUT:-2400}
fail() { echo "FAIL camera: $*" >&2; exit 1; }
[ "$(uname -m)" = x86_64 ] || fail "not x86-64"

# 1. Tools.
missing=()
for need in qemu-system-x86_64:qemu-system-x86 cpio:cpio xz:xz-utils busybox:busybox-static gcc:gcc make:make script:bsdutils Xvfb:xvfb xkbcomp:x11-xkb-utils; do
  command -v "${need%%:*}" >/dev/null || missing+=("${need##*:}")
done
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "cannot install ${missing[*]}"
fi

# 2. Kernel: unpacked, not installed.
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9 # two runs at a time would write to the same log
package=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
[ -n "$package" ] || { apt-get update -qq >/dev/null; package=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1); }
[ -n "$package" ] || fail "no linux-image-amd64 known to apt"
kernel=$cache/$package
# Parts to unpack; a cache with other parts is unpacked again.
parts=(./boot/vmlinuz-'*' '*/kernel/drivers/media/*' '*/kernel/drivers/usb/*')
if [ "$(cat "$kernel/whole" 2>/dev/null)" != "${parts[*]}" ]; then
  rm -rf "$kernel" && mkdir -p "$kernel"
  (cd "$kernel" && apt-get download "$package" >/dev/null 2>&1) || fail "cannot download $package"
  dpkg --fsys-tarfile "$kernel"/*.deb | tar x -C "$kernel" --wildcards "${parts[@]}"
  rm -f "$kernel"/*.deb
  packed=$(ls "$kernel"/boot/vmlinuz-*)
  # Decompressed here: the guest would take seconds for it.
  offset=$(LC_ALL=C grep -aboP '\xfd7zXZ\x00' "$packed" | head -1 | cut -d: -f1)
  [ -n "$offset" ] && { tail -c +$((offset + 1)) "$packed" | xz -dc --single-stream >"$kernel/vmlinux" 2>/dev/null || true; }
  [ "$(head -c4 "$kernel/vmlinux" 2>/dev/null | tail -c3)" = ELF ] || cp "$packed" "$kernel/vmlinux"
  echo "${parts[*]}" >"$kernel/whole"
fi

"$here/loopback.sh" "$package" "$kernel/v4l2loopback"

# 3. The guest: busybox, the program and its tests with their libraries, the modules.
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,dev,proc,sys,tmp,mods}
busybox=$(command -v busybox)
cp "$busybox" "$root/bin/busybox"
"$busybox" --list | grep -vx busybox | while read -r applet; do ln -s busybox "$root/bin/$applet"; done
strip -o "$root/bin/pulsecam" "$program"
strip -o "$root/bin/camera" "$tests"
other=${CAMERA_PROGRAM:-}
[ -z "$other" ] || cp "$other" "$root/bin/"
# A terminal and a display, for programs that draw. The window loads its libraries when it is opened.
drawing=("$(command -v script)" "$(command -v Xvfb)" "$(command -v xkbcomp)")
for library in libX11.so.6 libXcursor.so.1; do
  path=$(ldconfig -p | sed -n "s|.*$library .*x86-64.* => ||p" | head -1)
  [ -n "$path" ] || fail "no $library (make deps)"
  drawing+=("$path")
done
mkdir -p "$root/usr/bin" "$root/usr/share/X11"
for file in "${drawing[@]}"; do
  case $file in
    *.so.*) mkdir -p "$root$(dirname "$file")" && cp -L "$file" "$root$file" ;;
    *) cp "$file" "$root/usr/bin/" && ln -sf "/usr/bin/${file##*/}" "$root/bin/" ;;
  esac
done
cp -r /usr/share/X11/xkb "$root/usr/share/X11/"
# Without the last of these, the locale C has no input method, and the window's crate frees a part of the display twice.
mkdir "$root/usr/share/X11/locale"
(cd /usr/share/X11/locale && cp -r locale.alias locale.dir compose.dir C en_US.UTF-8 iso8859-1 "$root/usr/share/X11/locale/")
for file in "$program" "$tests" "${drawing[@]}" $other; do ldd "$file"; done | grep -o '/[^ ]*' | sort -u | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
modules=$(find "$kernel" -path "*/lib/modules/*/kernel" -type d | head -1)
declare -A seen
add_module() {
  local name=${1//-/_} file dependency
  [ -z "${seen[$name]:-}" ] || return 0
  seen[$name]=1
  file=$(find "$modules" -name "$name.ko*" -o -name "${name//_/-}.ko*" | head -1)
  [ -n "$file" ] || return 0 # built in
  if [ "${file%.xz}" != "$file" ]; then xz -dc "$file" >"$root/mods/$name.ko"; else cp "$file" "$root/mods/$name.ko"; fi
  for dependency in $(tr '\0' '\n' <"$root/mods/$name.ko" | sed -n 's/^depends=//p' | tr , ' '); do add_module "$dependency"; done
  echo "$name.ko" >>"$root/mods/order"
}
for module in vivid uvcvideo vhci-hcd; do
  add_module $module
  grep -q "^${module//-/_}.ko" "$root/mods/order" || fail "$package has no $module"
done
# The tests load it, with their options.
cp "$kernel/v4l2loopback/v4l2loopback.ko" "$root/mods/"
cp "$here/guest.sh" "$root/init"
chmod 755 "$root" # one test runs the program as nobody
chmod 755 "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$cache/initrd.gz"

# 4. Boot.
log=$cache/guest.log
# The kernel puts parameters that it does not know into the guest's environment.
timeout "$limit" qemu-system-x86_64 -accel tcg,thread=multi -M pc -cpu max -m 1024 -smp 2 -display none -no-reboot -nodefaults \
  -serial stdio -kernel "$kernel/vmlinux" -initrd "$cache/initrd.gz" \
  -append "console=ttyS0 quiet panic=-1 mitigations=off nokaslr CAMERA_TEST=${CAMERA_TEST:-}${CAMERA_FRAMES:+ CAMERA_FRAMES=$CAMERA_FRAMES}${CAMERA_HURRY:+ CAMERA_HURRY=$CAMERA_HURRY}${other:+ CAMERA_PROGRAM=/bin/${other##*/}}${CAMERA_SECONDS:+ CAMERA_SECONDS=$CAMERA_SECONDS}" </dev/null 2>&1 | stdbuf -oL tr -d '\r' | tee "$log" || true
grep -q '##READY' "$log" || fail "the guest did not boot; see $log"
grep -q '##ENDED 0$' "$log" || fail "see above and $log"
# A name that matches no test must not count as success.
grep -Eq '^test result: ok\. [1-9][0-9]* passed; 0 failed' "$log" || fail "no test ran; see $log"
echo "PASS camera"
