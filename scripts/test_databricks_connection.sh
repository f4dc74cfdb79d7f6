#!/usr/bin/env bash
# test_databricks_connection.sh - can the desk read from this Databricks workspace? Says in plain words what is wrong.
#
# Checks, in order: the host answers over TLS, the token is accepted, runs can be listed, clusters can be listed.
# Reads only. The desk itself checks all its integrations with `python manage.py check_integrations`.
#
# Usage: test_databricks_connection.sh [--host URL] [--token-file FILE] [--profile NAME]
#
#   --host URL         else $DATABRICKS_HOST, else a prompt on a terminal
#   --token-file FILE  else $DATABRICKS_TOKEN, $DATABRICKS_TOKEN_FILE, else a hidden prompt
#   --profile NAME     use a profile of the `databricks` CLI instead
#   --help
#
# Exit status: 0 all reachable, 1 something failed, 2 wrong flags.
set -euo pipefail

LIB_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)/lib
# shellcheck source=lib/common.sh
source "$LIB_DIR/common.sh"
# shellcheck source=lib/databricks.sh
source "$LIB_DIR/databricks.sh"

HOST='' FAILED=0

# Exit codes of curl that a wrong host, a firewall or a certificate produce.
explain_curl() {
  case $1 in
    5 | 6) say "DNS: the name of $DATABRICKS_URL does not resolve. Check the spelling (adb-<digits>.<digit>.azuredatabricks.net)" \
      "and, with private link, whether this machine uses the private DNS zone." ;;
    7) say "Connection refused or no route: a firewall, or the workspace allows other networks only." ;;
    28) say "No answer in time: usually a firewall that drops packets, or an IP access list." ;;
    35 | 51 | 58 | 60 | 77 | 83) say "TLS: the certificate is not trusted here. A proxy that opens TLS needs its" \
      "authority in this machine's trust store; never switch verification off." ;;
    *) say "curl ended with code $1." ;;
  esac
  say "           $(<"$WORK_DIR/dbx.err")"
}

explain_status() {
  case $1 in
    400) say "400: the request was not understood; is --host a workspace (not the account console)?" ;;
    401) say "401: the token is wrong, expired or of another workspace. Make a new one; for a service principal check" \
      "that it was added to this workspace." ;;
    403) say "403: the token is known but may not do this, or this machine is not on the workspace's IP access list." \
      "Needed: CAN VIEW on the jobs, CAN ATTACH TO on the clusters." ;;
    404) say "404: this address is not a Databricks workspace, or the API is not offered here." ;;
    429) say "429: too many requests; wait a minute." ;;
    3??) say "$1: the host redirects, so it is not the workspace itself. Use the address you see in the browser." ;;
    5??) say "$1: Databricks has a problem of its own; try again in a few minutes." ;;
    *) say "$1: unexpected answer." ;;
  esac
}

# check LABEL PATH [KEY]: one read, told in one line; the first failure usually explains the rest.
check() {
  local label=$1 path=$2 key=${3:-} code=0 words
  dbx_try GET "$path" || code=$?
  if ((code)) && [[ -z $PROFILE ]]; then
    say "FAILED     $label"
    explain_curl "$code"
    exit 1
  elif ((code)); then
    say "FAILED     $label: $(<"$WORK_DIR/dbx.err")"
    FAILED=1
  elif [[ $DBX_STATUS != 200 ]]; then
    say "FAILED     $label"
    explain_status "$DBX_STATUS"
    say "           $(head -c 300 "$DBX_OUT" | tr -d '\000-\037')"
    FAILED=1
    if [[ $DBX_STATUS == 401 ]]; then exit 1; fi
  elif words=$(jobs_json describe "$DBX_OUT" --key "$key"); then
    say "ok         $label$words"
  else
    say "FAILED     $label: the answer is not what Databricks sends. Is this a workspace, and no sign-in page before it?"
    FAILED=1
  fi
}

while (($#)); do
  if [[ $1 == --*=* ]]; then set -- "${1%%=*}" "${1#*=}" "${@:2}"; fi
  case $1 in
    --help | -h) print_help; exit 0 ;;
    --host) take_value "$@"; HOST=$VALUE ;;
    --token-file) take_value "$@"; TOKEN_FILE=$VALUE ;;
    --profile) take_value "$@"; PROFILE=$VALUE ;;
    *) usage_error "unknown flag $1" ;;
  esac
  shift 2
done
need_python
connect_databricks "$HOST"
say "workspace  ${DATABRICKS_URL:-profile $PROFILE}"
check "host and token" /api/2.0/preview/scim/v2/Me
check "job runs (runs/list)" "/api/2.2/jobs/runs/list?limit=1" runs
check "clusters (clusters/list)" "/api/2.1/clusters/list?page_size=1" clusters
if ((FAILED)); then say "The desk cannot collect all evidence until this is put right."; exit 1; fi
say "All well: the desk can read runs and clusters here."
