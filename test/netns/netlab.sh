#!/bin/sh
# netlab.sh COMMAND [ARGUMENT...]
#
# Runs the command in network, mount and process namespaces of its own: as root, or as any user in a
# user namespace. There is no interface but lo in them, so nothing can reach a real network; `ip netns
# add` works in them, on an empty /run; and when the command ends or is killed, every process and
# namespace made inside is gone.
#
# Exit status: the command's; 77, with one line that says why, where the kernel does not allow it.

# An ordinary user's path lacks ip.
PATH=$PATH:/usr/sbin:/sbin

cannot() {
  echo "network namespaces cannot be made here: $*" >&2
  exit 77
}

if [ "${1:-}" != --inside ]; then
  [ "$(uname -s)" = Linux ] || cannot "this is not Linux"
  for program in unshare nsenter ip mount; do
    command -v "$program" >/dev/null || cannot "$program is not installed (packages util-linux, iproute2, mount)"
  done
  if unshare --net --mount --pid --fork true 2>/dev/null; then
    user=
  elif unshare --user --map-root-user --net --mount --pid --fork true 2>/dev/null; then
    user='--user --map-root-user'
  else
    cannot "not root, and user namespaces are switched off (user.max_user_namespaces," \
      "kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns, or the container's seccomp profile)"
  fi
  # $user is left to be split into words: it is ours. exec, so that the caller's child is unshare itself.
  # shellcheck disable=SC2086
  exec unshare $user --net --mount --pid --fork --kill-child=KILL --mount-proc --propagation private \
    sh "$0" --inside "$@"
fi

shift
mount -t tmpfs -o mode=755 netlab /run || cannot "mounting a private /run was refused"
mkdir /run/netns || cannot "the private /run is not writable"
mount -t sysfs sysfs /sys 2>/dev/null || cannot "mounting a private /sys was refused"
ip link set lo up || cannot "ip link was refused"
ip netns add netlab-try 2>/dev/null && ip netns delete netlab-try || cannot "ip netns add was refused"
exec "$@"
