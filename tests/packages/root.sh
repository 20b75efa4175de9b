# A fresh Debian 12 in a folder, for tests of packages; sourced by them. `make_root [ARCHITECTURE]` makes it in $root, `in_root COMMAND`
# runs a command there, `alone_in_root COMMAND` with no network but a loopback of its own, and everything is removed at the end.
# `emulate ARCHITECTURE` is needed first for one that this machine is not of.

# Not in /tmp, which may be mounted without devices.
work=$(mktemp -d /var/tmp/pulsecam-packages.XXXXXX)
root=$work/root
emulator=
finish() {
  [ -z "$emulator" ] || echo -1 >"$emulator"
  # What a container tool has mounted and not unmounted; the last first.
  cut -d' ' -f2 /proc/mounts | { grep "^$work/" || true; } | tac | xargs -r umount
  rm -rf --one-file-system "$work"
}
trap finish EXIT

# Has the kernel start programs of another architecture by qemu-user, until the test ends; fails if it cannot.
emulate() {
  local class machine qemu kernel=/proc/sys/fs/binfmt_misc
  case $1 in
    arm64) class='\x02' machine='\xb7' qemu=qemu-aarch64-static ;;
    armhf) class='\x01' machine='\x28' qemu=qemu-arm-static ;;
    *) return 1 ;;
  esac
  qemu=$(command -v "$qemu") || return 1
  [ -e "$kernel/register" ] || mount -t binfmt_misc binfmt_misc "$kernel" || return 1
  local name=pulsecam-test-$1 zeros='\x00\x00\x00\x00\x00\x00\x00\x00' ones='\xff\xff\xff\xff\xff\xff\xff'
  # The ELF header up to the machine: any ABI, a program at a fixed place or not. `F`: also in a root that has no qemu.
  printf '%s' ":$name:M::\x7fELF$class\x01\x01\x00$zeros\x02\x00$machine\x00:$ones\x00$ones\xff\xfe\xff\xff\xff:$qemu:F" \
    >"$kernel/register" || return 1
  emulator=$kernel/$name
}

make_root() {
  mkdir -p "$root"
  debootstrap --variant=minbase ${1:+--arch "$1"} bookworm "$root" >"$work/debootstrap.log" 2>&1 ||
    { tail -20 "$work/debootstrap.log" >&2; exit 1; }
  cp -L /etc/resolv.conf "$root/etc/resolv.conf"
  # Debian's images have these too; Debian's recent Rust is there, which only an image that builds needs.
  [ -n "${1:-}" ] || echo 'deb http://deb.debian.org/debian-security bookworm-security main' >>"$root/etc/apt/sources.list"
  # As this machine reaches mirrors and registries: proxies, and authorities besides Debian's.
  cp -a /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
  cp -a /usr/local/share/ca-certificates "$root/usr/local/share/"
  in_root 'apt-get update' >"$work/update.log" 2>&1 || { tail -20 "$work/update.log" >&2; exit 1; }
}

in_root() {
  unshare --mount --pid --fork --kill-child --mount-proc="$root/proc" \
    chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
    sh -ec "$1" </dev/null
}

# Runs a command with a loopback of its own, whose ports nothing else uses.
alone() { unshare --net sh -c 'ip link set lo up && exec "$@"' alone "$@"; }

alone_in_root() { alone bash -c "$(declare -f in_root); root=\$1; in_root \"\$2\"" alone_in_root "$root" "$1"; }
