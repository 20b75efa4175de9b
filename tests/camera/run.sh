#!/bin/bash
# Real V4L2 cameras without a camera: boots Debian's stock kernel in QEMU (software emulation) with `vivid`, the kernel's virtual
# video driver, and runs the built program on it as its user would.
#   tests/camera/run.sh PULSECAM-BINARY
# Exit: 0 passed, 1 failed or could not run. Root on Debian x86-64; about a minute after the first time.
set -euo pipefail
program=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
cache=${CARGO_TARGET_DIR:-$here/../../target}/camera-vm
limit=${VM_TIMEOUT:-300}
fail() { echo "FAIL camera: $*" >&2; exit 1; }
[ "$(uname -m)" = x86_64 ] || fail "not x86-64"

# 1. Tools.
missing=()
for need in qemu-system-x86_64:qemu-system-x86 cpio:cpio xz:xz-utils busybox:busybox-static; do
  command -v "${need%%:*}" >/dev/null || missing+=("${need##*:}")
done
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "cannot install ${missing[*]}"
fi

# 2. Kernel: unpacked, not installed.
mkdir -p "$cache"
package=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
[ -n "$package" ] || { apt-get update -qq >/dev/null; package=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1); }
[ -n "$package" ] || fail "no linux-image-amd64 known to apt"
kernel=$cache/$package
if [ ! -f "$kernel/whole" ]; then
  rm -rf "$kernel" && mkdir -p "$kernel"
  (cd "$kernel" && apt-get download "$package" >/dev/null 2>&1) || fail "cannot download $package"
  dpkg --fsys-tarfile "$kernel"/*.deb | tar x -C "$kernel" --wildcards './boot/vmlinuz-*' '*/kernel/drivers/media/*'
  rm -f "$kernel"/*.deb
  packed=$(ls "$kernel"/boot/vmlinuz-*)
  # Unpacked here: the guest would take seconds for it.
  offset=$(LC_ALL=C grep -aboP '\xfd7zXZ\x00' "$packed" | head -1 | cut -d: -f1)
  [ -n "$offset" ] && { tail -c +$((offset + 1)) "$packed" | xz -dc --single-stream >"$kernel/vmlinux" 2>/dev/null || true; }
  [ "$(head -c4 "$kernel/vmlinux" 2>/dev/null | tail -c3)" = ELF ] || cp "$packed" "$kernel/vmlinux"
  touch "$kernel/whole"
fi

# 3. The guest: busybox, the program with its libraries, the modules that vivid needs.
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,dev,proc,sys,tmp,mods}
busybox=$(command -v busybox)
cp "$busybox" "$root/bin/busybox"
"$busybox" --list | grep -vx busybox | while read -r applet; do ln -s busybox "$root/bin/$applet"; done
strip -o "$root/bin/pulsecam" "$program"
# libX11 is opened when a window is wanted; none is here.
ldd "$program" | grep -o '/[^ ]*' | while read -r library; do
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
add_module vivid
grep -q vivid "$root/mods/order" || fail "$package has no vivid"
cp "$here/guest.sh" "$root/init"
chmod 755 "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$cache/initrd.gz"

# 4. Boot.
log=$cache/guest.log
timeout "$limit" qemu-system-x86_64 -accel tcg -M pc -cpu max -m 1024 -smp 2 -display none -no-reboot -nodefaults \
  -serial stdio -kernel "$kernel/vmlinux" -initrd "$cache/initrd.gz" \
  -append "console=ttyS0 quiet panic=-1 mitigations=off nokaslr" </dev/null >"$log" 2>&1 || true
tr -d '\r' <"$log"
grep -q '##READY' "$log" || fail "the guest did not boot; see $log"
grep -q '##PASSED' "$log" || fail "see above and $log"
echo "PASS camera"
