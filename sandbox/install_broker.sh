#!/bin/sh
# See that the sandbox will find a RabbitMQ, in its own order: an address in the settings, a rabbitmq-server on this
# machine, a Docker engine. Where there is none, install Debian's package; without the rights for that, say what to do.
set -eu

[ -z "${FOCUS_SANDBOX_RABBITMQ_URL:-}" ] || exit 0
PATH="$PATH:/usr/sbin:/usr/lib/rabbitmq/bin"
! command -v rabbitmq-server >/dev/null || exit 0
if command -v docker >/dev/null && docker info >/dev/null 2>&1; then exit 0; fi

# The sandbox starts a private broker: the package's own services must not run, neither now nor after a boot.
# RUNLEVEL=1 says so where there is no systemd. Masked in /run only, so that nothing stays when this is killed.
services="rabbitmq-server.service epmd.service epmd.socket"
if [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ]; then
  systemctl --quiet --runtime mask $services 2>/dev/null
  trap 'systemctl --quiet --runtime unmask $services; systemctl --quiet disable $services 2>/dev/null || true' EXIT
fi
status=0
RUNLEVEL=1 sh sandbox/install_packages.sh rabbitmq-server || status=$?
[ "$status" = 3 ] || exit "$status"

cat >&2 <<'MESSAGE'
The sandbox needs a RabbitMQ and found none. Any one of these will do:
  - install one: apt-get install rabbitmq-server (as root; no service has to run)
  - start a Docker engine that you may use
  - name a running broker: FOCUS_SANDBOX_RABBITMQ_URL=amqp://user:password@host:port
    and FOCUS_SANDBOX_RABBITMQ_MANAGEMENT_URL=http://user:password@host:port
MESSAGE
exit 1
