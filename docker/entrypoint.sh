#!/bin/sh
# One image, four roles: web, worker, beat, migrate. `all` runs everything in one process (no Redis needed).
set -eu

case "${1:-web}" in
  migrate) exec python manage.py migrate --noinput ;;
  web)     exec python manage.py serve --web-only ;;
  worker)  exec celery -A aiops worker --loglevel warning --concurrency "${WORKER_CONCURRENCY:-4}" ;;
  beat)    exec celery -A aiops beat --loglevel warning ;;
  all)     exec python manage.py serve ;;
  *)       exec "$@" ;;
esac
