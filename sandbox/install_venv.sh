#!/bin/sh
# Make .venv with what requirements.lock names, unless it is there, whole, and fits: install_venv.sh [PYTHON]
# With a PYTHON, only a venv of that one fits; without, any does, and a new one is made by python3.
# uv installs it in a tenth of pip's time; pip does it where uv can't, and says why where nothing can. The marker
# .venv/.installed is written last. One message where it cannot be done; pip's own words are in .venv/pip.log.
set -eu
asked=${1:-}
python=${asked:-python3}
pip_at_least=22.3 # what Python 3.11 brings; older ones do not know the wheels of today
marker=.venv/.installed
log=.venv/pip.log

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# A venv has the paths of its folder and of its interpreter in its scripts: it does not fit any more when the checkout
# was moved or copied, or Python replaced by another version.
fits() {
  [ -e "$marker" ] && ! [ requirements.lock -nt "$marker" ] || return 1
  made_for=$(sed -n 's/^command = .* -m venv //p' .venv/pyvenv.cfg) || return 1
  [ -z "$made_for" ] || [ "$made_for" -ef .venv ] || return 1
  .venv/bin/python -c 'import pip' 2>/dev/null || return 1
  [ -z "$asked" ] || [ "$(identity "$asked")" = "$(identity .venv/bin/python)" ]
}

identity() { "$1" -c 'import sys; print(sys.version, sys.base_prefix)' 2>/dev/null || true; }

has_ensurepip() { "$python" -c 'import ensurepip' 2>/dev/null; }

# The lines of the log in which pip tells an error, or its last one; without passwords in addresses.
complaints() {
  if grep -q '^ *ERROR: ' "$log"; then grep '^ *ERROR: ' "$log" | tail -n 3; else tail -n 1 "$log"; fi |
    sed 's#//[^/@ ]*@#//***@#g; s/^ *ERROR: //; s/^/  /' | cut -c1-300
}

# Why pip failed and what can be done about it.
explain() {
  if grep -qE 'THESE PACKAGES DO NOT MATCH THE HASHES|do not match the hashes' "$log"; then
    echo "The index of pip has other files than those whose hashes are in requirements.lock. Use another (PIP_INDEX_URL)."
  elif grep -q 'No space left on device' "$log"; then
    echo "The disk is full. Make room (.venv takes some 700 MB, pip a temporary folder), then: make again."
  elif grep -qE 'after connection broken by|Could not fetch URL|Network is unreachable|name resolution|ConnectTimeout|ReadTimeout|ProxyError|CERTIFICATE_VERIFY_FAILED|not a trusted or secure host' "$log"; then
    echo "pip cannot reach its index:"
    sed -n 's#//[^/@ ]*@#//***@#g; s/.*after connection broken by \(.*\)/  \1/p; s/^ *[A-Z]*: *\(Could not fetch URL.*\|The repository located at.*\)/  \1/p' "$log" |
      cut -c1-300 | head -n 1
    echo "Look at the network, the proxy (HTTPS_PROXY), the index (PIP_INDEX_URL) and its authority (PIP_CERT); then: make again."
  elif grep -q 'No matching distribution found' "$log"; then
    echo "The index of pip does not have what requirements.lock names, or not for this Python and machine:"
    complaints
  else
    echo "pip could not install what requirements.lock names:"
    complaints
  fi
  echo "All that pip said is in $log."
}

# Its interpreter finds the modules of the checkout also where Python does not look into the working directory
# (PYTHONSAFEPATH). The path is written as seen from the file.
find_checkout() {
  for packages in .venv/lib/python3*/site-packages; do
    ! [ -w "$packages" ] || [ -e "$packages/checkout.pth" ] || echo ../../../.. >"$packages/checkout.pth"
  done
}

if fits; then
  find_checkout
  exit 0
fi

version=$("$python" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3]); sys.exit(sys.version_info < (3, 11))' 2>/dev/null) ||
  fail "Python 3.11 or later is needed; '$python' is ${version:+Python }${version:-not one}. Name one: make PYTHON=/path/to/python3 …"

if ! has_ensurepip; then
  status=0
  sh sandbox/install_packages.sh python3-venv || status=$?
  [ "$status" = 0 ] || [ "$status" = 3 ] || exit "$status"
  has_ensurepip ||
    fail "'$python -m venv' does not work here: ensurepip is missing. On Debian: apt-get install python3-venv (as root)." \
      "Or name another Python: make PYTHON=/path/to/python3 …"
fi

# With uv, which is named in the lock as well. It does not read pip's configuration, but for what is handed on here.
install_quickly() {
  sed -n '/^uv==/,/[^\\]$/p' requirements.lock >.venv/uv.lock
  [ -s .venv/uv.lock ] || return 1
  .venv/bin/python -m pip install --disable-pip-version-check --no-input --require-hashes -r .venv/uv.lock || return 1
  index=${PIP_INDEX_URL:-$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || true)}
  authority=${SSL_CERT_FILE:-${PIP_CERT:-$(.venv/bin/python -m pip config get global.cert 2>/dev/null || true)}}
  env ${authority:+SSL_CERT_FILE="$authority"} .venv/bin/uv pip install --quiet \
    ${index:+--default-index "$index"} --python .venv/bin/python --require-hashes -r requirements.lock
}

trap 'fail "" "Interrupted: .venv is not whole. The next make makes it anew."' INT TERM
echo "Installing what requirements.lock names into .venv …"
said=$(rm -rf .venv 2>&1) || fail ".venv cannot be made anew here: $(echo "$said" | head -n 1)"
said=$("$python" -m venv .venv 2>&1) ||
  fail "'$python -m venv .venv' failed: $(echo "$said" | grep -v '^ ' | tail -n 1)"

pip=$(.venv/bin/python -m pip --version 2>/dev/null | sed -n 's/^pip \([0-9.]*\).*/\1/p')
[ "$(printf '%s\n' "$pip_at_least" "${pip:-0}" | sort -V | head -n 1)" = "$pip_at_least" ] ||
  fail "'$python -m venv' brings pip ${pip:-of no version}; $pip_at_least or later is needed." \
    "Renew what it comes from (on Debian: apt-get install python3-venv python3-pip-whl), or: make PYTHON=/path/to/python3 …"

install_quickly >"$log" 2>&1 ||
  .venv/bin/python -m pip install --disable-pip-version-check --no-input --require-hashes -r requirements.lock >"$log" 2>&1 ||
  fail "$(explain)"
find_checkout
touch "$marker"
