#!/usr/bin/env bash
# Boots systemd over a throw-away copy of this machine's root, in namespaces of
# its own: `unshare --mount --pid --ipc --uts --net --cgroup --fork boot.sh PACKAGE`.
# What is written there is in memory and goes with it; the package is /root/gazetted.deb.
set -euo pipefail
package=$(realpath "$1")
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/{upper,work,root}
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root
cp "$package" /mnt/root/root/gazetted.deb
cd /mnt/root
# As if nothing of ours had ever been here, and nothing else of the machine were to start.
rm -rf etc/gazetted var/lib/gazetted var/lib/private/gazetted etc/systemd/system/*.wants
# Nobody logs in, and systemctl needs no D-Bus: on a busy machine that once kept the boot waiting.
for unit in dbus.service dbus.socket systemd-logind.service console-getty.service getty.target; do
  ln -sf /dev/null "etc/systemd/system/$unit"
done
mkdir -p old var/log/journal
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs tmpfs dev
for device in null zero full random urandom tty; do
  touch "dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/shm dev/pts
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
touch dev/console
# Not chroot: in one no user namespace can be made, which PrivateUsers= needs.
pivot_root . old
umount -l old
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd \
  --system --unit=multi-user.target --log-target=journal --show-status=0
