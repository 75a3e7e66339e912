#!/bin/sh
# What people use of the official entrypoint: options or a file of settings alone mean the server, and as root it gives /data
# to the server's user and becomes that one.
set -e

case ${1:-} in
  -* | *.conf) set -- redis-server "$@" ;;
esac

if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
  find . \! -user redis -exec chown redis '{}' +
  exec setpriv --reuid=redis --regid=redis --clear-groups "$0" "$@"
fi

exec "$@"
