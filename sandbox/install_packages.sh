#!/bin/sh
# Install packages of Debian: install_packages.sh PACKAGE... The caller has found that they are missing.
# Ends with 3, and says nothing, where that cannot be done: without root or without apt. When apt fails, with 1 and one
# message. APT_LOCK_WAIT_S is how long another apt may hold its locks (120 s).
set -eu

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then exit 3; fi

limit=${APT_LOCK_WAIT_S:-120}
said=$(mktemp)
trap 'rm -f "$said"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes LC_ALL=C.UTF-8

# What apt said that matters, without passwords in addresses.
complaints() {
  sed -n 's#//[^/@ ]*@#//***@#g; /^[EW]: /p' "$said" | sort -u | head -n 5 | sed 's/^/  /'
}

refused() {
  echo "$*" >&2
  complaints >&2
  exit 1
}

# DPkg::Lock::Timeout waits for dpkg's lock, but not for that of the lists.
apt() {
  waited=0
  until apt-get -q -o "DPkg::Lock::Timeout=$limit" "$@" >"$said" 2>&1; do
    grep -q 'Could not get lock' "$said" || return 1
    [ "$waited" -lt "$limit" ] ||
      refused "'$packages' could not be installed: another program has held the lock of apt for $limit s. When it has ended: make again."
    waited=$((waited + 1))
    sleep 1
  done
}

packages=$*
echo "Installing $packages …"
# A source that cannot be read need not be the one that has them: it counts only when they cannot be installed.
apt update || true
lists=$(complaints)
if ! apt install -y --no-install-recommends "$@"; then
  [ -z "$lists" ] || echo "$lists" | sed 's/^  //' >>"$said"
  if grep -qE 'Failed to fetch|Temporary failure resolving|Could not (connect|resolve)|Unable to locate|no installation candidate' "$said"; then
    refused "'$packages' could not be installed: apt did not get them from its sources. Look at the network, its proxy and /etc/apt; then make again. apt said:"
  fi
  refused "'$packages' could not be installed. Run it by hand to see more: apt-get install $packages. apt said:"
fi
