#!/usr/bin/env bash
# post_sample_alert.sh - post a sample Data Factory failure to a running desk, as Azure Monitor would.
#
# The alert is a log search alert in the common schema, with run id, error code and message as dimensions. Each call
# invents a new run id, so it opens a new ticket; give --run-id to see a duplicate being recognised.
# For other sources and events use `python manage.py send_test_alert`.
#
# Usage: post_sample_alert.sh [flags]
#
#   --url URL        address of the desk; default: http://127.0.0.1:8000
#   --key-file FILE  file with the service key; else $RCA_API_KEY, $RCA_API_KEY_FILE, or a hidden prompt
#   --auth WHICH     where the key goes: header, query or basic; default: header
#   --run-id ID      default: a new one
#   --pipeline NAME  default: DataEng_Sample_Load
#   --dry-run        print the alert, post nothing
#   --help
#
# Exit status: 0 the desk answered 202, 1 it did not, 2 wrong flags.
set -euo pipefail

LIB_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)/lib
# shellcheck source=lib/common.sh
source "$LIB_DIR/common.sh"

URL=http://127.0.0.1:8000 KEY_FILE='' KEY='' AUTH=header RUN_ID='' PIPELINE=DataEng_Sample_Load

while (($#)); do
  if [[ $1 == --*=* ]]; then set -- "${1%%=*}" "${1#*=}" "${@:2}"; fi
  case $1 in
    --help | -h) print_help; exit 0 ;;
    --dry-run) DRY_RUN=1; shift; continue ;;
    --url) take_value "$@"; URL=${VALUE%/} ;;
    --key-file) take_value "$@"; KEY_FILE=$VALUE ;;
    --auth) take_value "$@"; AUTH=$VALUE ;;
    --run-id) take_value "$@"; RUN_ID=$VALUE ;;
    --pipeline) take_value "$@"; PIPELINE=$VALUE ;;
    *) usage_error "unknown flag $1" ;;
  esac
  shift 2
done
need_python
need_command curl "your system's packages"
[[ $URL =~ ^https?://[A-Za-z0-9.:-]+(/[A-Za-z0-9._~/-]*)?$ ]] || usage_error "--url must be http(s)://host[:port]"
[[ $AUTH =~ ^(header|query|basic)$ ]] || usage_error "--auth must be header, query or basic, not '$AUTH'"

python3 "$LIB_DIR/sample_alert.py" --run-id "$RUN_ID" --pipeline "$PIPELINE" >"$WORK_DIR/alert.json"
if ((DRY_RUN)); then
  plan "curl --request POST --data-binary @FILE $URL/azure-monitor   # key in the $AUTH, FILE is:"
  cat -- "$WORK_DIR/alert.json"
  exit 0
fi
require_secret KEY --key-file RCA_API_KEY "$KEY_FILE" "service key of the desk"
# python3 writes curl's config, so that any key is quoted rightly and none is an argument of curl.
KEY=$KEY python3 - "$URL/azure-monitor" "$AUTH" >"$WORK_DIR/curl.conf" <<'PYTHON'
import os
import sys
from urllib.parse import quote

url, auth, key = sys.argv[1], sys.argv[2], os.environ["KEY"]
quoted = key.replace("\\", "\\\\").replace('"', '\\"')
if auth == "query":
    print(f'url = "{url}?api_key={quote(key, safe="")}"')
else:
    print(f'url = "{url}"')
    print(f'header = "X-Api-Key: {quoted}"' if auth == "header" else f'user = "sample:{quoted}"')
PYTHON
code=0
status=$(curl --config "$WORK_DIR/curl.conf" --silent --show-error --max-time 30 --output "$WORK_DIR/answer" \
  --write-out '%{http_code}' --header 'Content-Type: application/json' --data-binary "@$WORK_DIR/alert.json" \
  2>"$WORK_DIR/curl.err" </dev/null) || code=$?
if ((code)); then die "no answer from $URL: $(<"$WORK_DIR/curl.err") Is the desk running? Start it with: make run"; fi
say "$status"
cat -- "$WORK_DIR/answer"
say ""
case $status in
  202) exit 0 ;;
  401) die "the desk does not know this key (make run prints it; the admin lists service keys)" ;;
  404) die "$URL is not the desk, or the path is behind a proxy's prefix" ;;
  503) die "the desk is busy or its database is away; it asks you to try again" ;;
  *) die "unexpected answer $status" ;;
esac
