#!/bin/sh
# See that the sandbox will find a RabbitMQ, in its own order: an address in the settings, a rabbitmq-server on this
# machine, a Docker engine. Where there is none, install Debian's package; without the rights for that, say what to do.
set -eu

[ -z "${FOCUS_SANDBOX_RABBITMQ_URL:-}" ] || exit 0
PATH="$PATH:/usr/sbin:/usr/lib/rabbitmq/bin"
! command -v rabbitmq-server >/dev/null || exit 0
if command -v docker >/dev/null && docker info >/dev/null 2>&1; then exit 0; fi

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing rabbitmq-server …"
  apt-get update -qq
  # RUNLEVEL=1 keeps the package from starting a broker of its own: the sandbox starts a private one.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends rabbitmq-server >/dev/null
  exit 0
fi

cat >&2 <<'MESSAGE'
The sandbox needs a RabbitMQ and found none. Any one of these will do:
  - install one: apt-get install rabbitmq-server (as root; no service has to run)
  - start a Docker engine that you may use
  - name a running broker: FOCUS_SANDBOX_RABBITMQ_URL=amqp://user:password@host:port
    and FOCUS_SANDBOX_RABBITMQ_MANAGEMENT_URL=http://user:password@host:port
MESSAGE
exit 1
