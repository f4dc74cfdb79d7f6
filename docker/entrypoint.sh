#!/bin/sh
# The roles of the desk, for the image, for `make run-*` and for a supervisor: web, worker, beat, migrate, all.
# Each ends on SIGTERM after what it has begun. Needs the environment's `python` and `celery` on the PATH.
set -eu

case "${1:-web}" in
  # The children of a worker count apart; in this folder they are added up (WORKER_METRICS_PORT). It is removed
  # when the worker ends.
  worker)
    PROMETHEUS_MULTIPROC_DIR=$(mktemp -d "${TMPDIR:-/tmp}/aiops-metrics.XXXXXX")
    export PROMETHEUS_MULTIPROC_DIR
    exec celery -q -A aiops worker --loglevel warning --without-mingle --without-gossip
    ;;
  migrate) exec python manage.py prepare ;;
  web)     exec python manage.py serve --web-only ;;
  beat)    exec celery -q -A aiops beat --loglevel warning ;;
  all)     exec python manage.py serve ;;
  *)       exec "$@" ;;
esac
