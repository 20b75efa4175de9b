#!/bin/bash
# Builds Debian's v4l2loopback for an unpacked kernel; nothing is installed.
#   tests/camera/loopback.sh KERNEL-PACKAGE FOLDER
# Leaves FOLDER/v4l2loopback.ko. Needs gcc and make; takes some seconds after the first run.
set -euo pipefail
image=$1 folder=$2
release=${image#linux-image-}
fail() { echo "FAIL v4l2loopback: $*" >&2; exit 1; }
[ ! -s "$folder/v4l2loopback.ko" ] || exit 0
rm -rf "$folder" && mkdir -p "$folder/debs" "$folder/root"

# 1. The module's source; the kernel's headers, and the tools to build with them.
common=$(apt-cache depends "linux-headers-$release" | sed -n 's/.*Depends: \(linux-headers-.*-common\)$/\1/p' | head -1)
tools=$(apt-cache depends "linux-headers-$release" | sed -n 's/.*Depends: \(linux-kbuild-.*\)$/\1/p' | head -1)
[ -n "$common" ] && [ -n "$tools" ] || fail "no linux-headers-$release known to apt"
(cd "$folder/debs" && apt-get download "linux-headers-$release" "$common" "$tools" v4l2loopback-dkms >/dev/null 2>&1) ||
  fail "cannot download linux-headers-$release and v4l2loopback-dkms"
for deb in "$folder"/debs/*.deb; do dpkg --fsys-tarfile "$deb" | tar x -C "$folder/root"; done
rm -rf "$folder/debs"

# 2. A file of the headers names another by its whole path.
root=$(realpath "$folder/root")
headers=$root/usr/src/linux-headers-$release
grep -rlI --include=Makefile -e /usr/src/ -e /usr/lib/linux-kbuild "$headers" "$root/usr/src/$common/Makefile" 2>/dev/null |
  xargs -r sed -i "s#\(^\|[^[:alnum:]./]\)\(/usr/src/linux-headers\|/usr/lib/linux-kbuild\)#\1$root\2#g"
source=$(echo "$root"/usr/src/v4l2loopback-*)
make -C "$headers" M="$source" CC="${CC:-gcc}" modules >"$folder/build.log" 2>&1 || { tail -20 "$folder/build.log" >&2; fail "see $folder/build.log"; }
cp "$source/v4l2loopback.ko" "$folder/"
rm -rf "$root"
