#!/bin/busybox sh
# Runs inside the virtual machine (tests/camera/run.sh): the program on vivid's cameras.
export PATH=/bin RUST_BACKTRACE=1
mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev
ip link set lo up 2>/dev/null || ifconfig lo 127.0.0.1 up
while read -r module; do
  options=; [ "$module" = vivid.ko ] && options="n_devs=1 node_types=0x1 num_inputs=1 input_types=0"
  insmod "/mods/$module" $options || echo "##INSMOD-FAILED $module"
done </mods/order
echo "##READY $(uname -r) $(ls /dev/video* 2>/dev/null | tr '\n' ' ')"

failed=0
check() { # NAME COMMAND...: runs it and says how it ended
  name=$1; shift
  if "$@"; then echo "##OK $name"; else echo "##NOT-OK $name"; failed=1; fi
}
frames() { # a source's frames through relay and links, decoded at the other end
  pulsecam demo --no-window --json --quiet --frames 10 --for 60s "$@" >/tmp/out || return 1
  grep '"event":"summary"' /tmp/out | head -1
  [ "$(grep -c '"event":"frame"' /tmp/out)" -ge 10 ] && ! grep -q '"event":"damaged"' /tmp/out
}

check "cameras are listed" pulsecam cameras
check "the list for programs" sh -c 'pulsecam cameras --json | head -c 300 | grep vivid'
check "the first camera is the default" frames
check "by number" frames --source camera:0 --size 640x360
check "by name" frames --source camera:vivid --size 640x360
check "by path" frames --source camera:/dev/video0 --size 320x180 --fps 30
check "a camera that is not there" sh -c '! pulsecam demo --no-window --for 5s --source camera:7 2>/tmp/err; cat /tmp/err; grep -q "there is no camera" /tmp/err'
[ $failed = 0 ] && echo "##PASSED"
poweroff -f
