#!/bin/sh
# See that there is a Chromium for the tests of the HTML pages. Where there is none, install Debian's package; without the
# rights for that, say what to do.
set -eu

! command -v chromium >/dev/null || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing chromium …"
  export DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes
  apt-get update -qq -o DPkg::Lock::Timeout=120
  apt-get install -y -qq -o DPkg::Lock::Timeout=120 --no-install-recommends chromium >/dev/null
  exit 0
fi

cat >&2 <<'MESSAGE'
The tests of the HTML pages need a browser, and found no `chromium`. Either will do:
  - install it: apt-get install chromium (as root)
  - leave them out: .venv/bin/pytest --ignore tests/pages
MESSAGE
exit 1
