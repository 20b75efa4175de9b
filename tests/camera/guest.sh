#!/bin/busybox sh
# Runs inside the virtual machine (tests/camera/run.sh): the tests, with vivid's camera and with simulated ones.
export PATH=/bin RUST_BACKTRACE=1 PULSECAM_BIN=/bin/pulsecam
mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev
mkdir -p /dev/pts && mount -t devpts p /dev/pts
ip link set lo up 2>/dev/null || ifconfig lo 127.0.0.1 up
while read -r module; do
  options=; [ "$module" = vivid.ko ] && options="n_devs=1 node_types=0x1 num_inputs=1 input_types=0"
  insmod "/mods/$module" $options || echo "##INSMOD-FAILED $module"
done </mods/order
echo "##READY $(uname -r) $(ls /dev/video* 2>/dev/null | tr '\n' ' ')"
camera --ignored --test-threads=1 --nocapture $CAMERA_TEST
code=$?
[ $code = 0 ] || dmesg | grep -E 'segfault|general protection|out of memory'
echo "##ENDED $code"
poweroff -f
