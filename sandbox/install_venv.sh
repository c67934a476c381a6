#!/bin/sh
# Make .venv. Debian keeps what `python3 -m venv` needs in a package of its own; as root it is installed.
set -eu
python=$1

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
  echo "Python 3.11 or later is needed; '$python' is not. Name one: make PYTHON=/path/to/python3 …" >&2
  exit 1
}
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing python3-venv …"
    export DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes
    apt-get update -qq -o DPkg::Lock::Timeout=120
    apt-get install -y -qq -o DPkg::Lock::Timeout=120 --no-install-recommends python3-venv >/dev/null
  else
    echo "'$python -m venv' does not work here (ensurepip is missing). On Debian: apt-get install python3-venv" >&2
    exit 1
  fi
fi
rm -rf .venv
"$python" -m venv .venv
