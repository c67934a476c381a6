#!/bin/sh
# See that there is a Chromium for the tests of the HTML pages, and what playwright's own Node needs to drive it. What is
# missing is installed from Debian's packages; without the rights for that, say what to do.
set -eu

PATH="$PATH:/usr/sbin:/sbin"
missing=
command -v chromium >/dev/null || missing="chromium"
# Node is linked against libatomic, which nothing else on a minimal Debian brings.
ldconfig -p | grep -q 'libatomic\.so\.1 ' || missing="$missing libatomic1"
missing=${missing# }
[ -n "$missing" ] || exit 0

status=0
sh sandbox/install_packages.sh $missing || status=$?
[ "$status" = 3 ] || exit "$status"

cat >&2 <<MESSAGE
The tests of the HTML pages need a browser and what drives it; missing here: $missing. Either will do:
  - install it: apt-get install $missing (as root)
  - leave them out: .venv/bin/pytest --ignore tests/pages
MESSAGE
exit 1
