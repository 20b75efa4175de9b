#!/bin/bash
# Tests a Debian package: lintian, then a fresh Debian (debootstrap) that installs it, uses it, upgrades it, and removes it without
# a trace. Needs root on Debian. Usage: deb.sh PACKAGE.deb
#
# systemd is not booted: tests/deploy.rs runs what the units run.
set -euo pipefail
cd "$(dirname "$0")/../.."
package=$(realpath "${1:?usage: $0 PACKAGE.deb}")
.ci/deps packages
. tests/packages/root.sh

# What the program may weigh, in bytes.
limit=18000000

say() { echo "deb: $*"; }

say "lintian"
lintian --fail-on error,warning --info "$package"
desktop-file-validate packaging/*.desktop
appstreamcli validate --no-net target/deb-files/*.metainfo.xml

say "libraries"
dpkg-deb --fsys-tarfile "$package" | tar -xO ./usr/bin/pulsecam >"$work/pulsecam"
size=$(stat -c %s "$work/pulsecam")
say "the program has $size bytes"
needed=$(readelf --dynamic --wide "$work/pulsecam" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | sort | tr '\n' ' ')
newest=$(readelf --version-info --wide "$work/pulsecam" | grep -o 'GLIBC_2\.[0-9]*' | sort -Vu | tail -1)
say "$needed, $newest"
! grep -vE '^(ld-linux-.*|libc|libm|libgcc_s)\.so\.[0-9]+$' < <(tr ' ' '\n' <<<"${needed% }") || { say "Depends lacks these"; exit 1; }
promised=$(dpkg-deb --field "$package" Depends | sed 's/.*libc6 (>= \([0-9.]*\)).*/\1/')
dpkg --compare-versions "${newest#GLIBC_}" le "$promised" || { say "Depends says $promised"; exit 1; }

# The second package has the symbols of this very program. What the tests' profile made has none, and is larger.
symbols=${package/pulsecam_/pulsecam-dbgsym_}
symbols=${symbols%.deb}.ddeb
if [ -e "$symbols" ]; then
  [ "$size" -le "$limit" ] || { say "more than $limit"; exit 1; }
  id=$(readelf -n "$work/pulsecam" | sed -n 's/ *Build ID: //p')
  dpkg-deb --contents "$symbols" | grep "/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug" >/dev/null ||
    { say "$symbols is not of this program"; exit 1; }
fi

architecture=$(dpkg-deb --field "$package" Architecture)
if [ "$architecture" != "$(dpkg --print-architecture)" ] && ! emulate "$architecture"; then
  say "NOT TESTED: this machine cannot run programs for $architecture, so it was neither installed nor used"
  exit 1
fi

say "a fresh Debian, $architecture"
make_root "$architecture"
install -m 644 "$package" "$root/pulsecam.deb"
in_root 'dpkg-query -W -f "\${Package}\n" | sort' >"$work/packages.before"
files() { in_root 'find / -xdev -path /proc -prune -o -path /tmp -prune -o -path /var -prune -o -print | sort'; }
files >"$work/files.before"

say "install"
in_root 'apt-get install -y --no-install-recommends ./pulsecam.deb' >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
in_root 'test -x /usr/bin/pulsecam && pulsecam --version'
in_root 'zcat /usr/share/man/man1/pulsecam-relay.1.gz | grep -q "max.*clients"'
in_root 'grep -q pulsecam /usr/share/bash-completion/completions/pulsecam /usr/share/zsh/vendor-completions/_pulsecam \
  /usr/share/fish/vendor_completions.d/pulsecam.fish'
in_root 'ls /lib/systemd/system/pulsecam-relay.service /lib/systemd/system/pulsecam-relay.socket \
  /lib/systemd/system/pulsecam-camera.service' >/dev/null
in_root '! find /etc/systemd -name "pulsecam*" | grep .' || { say "units are enabled"; exit 1; }

# What a user does first: one process that is everything, and two that talk.
use() {
  alone_in_root 'pulsecam demo --no-window --for 3s --quiet --json | grep -q "\"event\":\"frame\""'
  alone_in_root 'pulsecam relay --listen 127.0.0.1:6868 --quiet & relay=$!
    pulsecam text 127.0.0.1 hello --quiet
    kill -TERM $relay && wait $relay'
}
say "use"
use

say "upgrade, while a relay runs"
dpkg-deb --raw-extract "$package" "$work/newer"
sed -i 's/^Version: .*/&+newer/' "$work/newer/DEBIAN/control"
dpkg-deb --root-owner-group --build "$work/newer" "$root/newer.deb" >/dev/null
alone_in_root 'pulsecam relay --listen 127.0.0.1:6868 --quiet & relay=$!
  pulsecam text 127.0.0.1 hello --quiet
  apt-get install -y --no-install-recommends ./newer.deb >/tmp/log 2>&1 || { cat /tmp/log; exit 1; }
  pulsecam text 127.0.0.1 hello --quiet
  kill -TERM $relay && wait $relay'
in_root 'dpkg-query -W -f "\${Version}" pulsecam | grep -q newer'
in_root '! find /etc/systemd -name "pulsecam*" | grep .' || { say "units are enabled"; exit 1; }
use

say "remove"
in_root 'apt-get purge -y pulsecam' >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
in_root '! test -e /usr/bin/pulsecam'
in_root 'apt-get autoremove --purge -y' >/dev/null 2>&1
in_root 'rm -f /newer.deb'
files >"$work/files.after"
diff "$work/files.before" "$work/files.after" || { say "files are left behind"; exit 1; }
in_root 'dpkg-query -W -f "\${Package}\n" | sort' | diff "$work/packages.before" - || { say "packages are left behind"; exit 1; }
say "$(du -k "$package" | cut -f1) kB; installed, used, upgraded, and removed"
