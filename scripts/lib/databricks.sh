# shellcheck shell=bash
# Databricks REST over curl (DATABRICKS_HOST and DATABRICKS_TOKEN) or over `databricks api` (a CLI profile).
# The token reaches curl in a private config file, bodies travel as @file: nothing secret is a process argument.
# Needs common.sh and LIB_DIR.

DATABRICKS_URL='' TOKEN='' PROFILE='' TOKEN_FILE='' DBX_OUT="$WORK_DIR/dbx.json" DBX_STATUS=''

jobs_json() { python3 "$LIB_DIR/databricks_jobs.py" "$@"; }

# connect_databricks [HOST]: with --profile the CLI signs in; otherwise host and token are needed.
connect_databricks() {
  if [[ -n $PROFILE ]]; then
    need_command databricks "https://docs.databricks.com/dev-tools/cli"
    return 0
  fi
  need_command curl "your system's packages"
  DATABRICKS_URL=${1:-${DATABRICKS_HOST:-}}
  require DATABRICKS_URL --host "address of the workspace, https://adb-....azuredatabricks.net"
  DATABRICKS_URL=${DATABRICKS_URL%/}
  [[ $DATABRICKS_URL == *://* ]] || DATABRICKS_URL="https://$DATABRICKS_URL"
  [[ $DATABRICKS_URL =~ ^(https://[A-Za-z0-9.-]+(:[0-9]+)?|http://127\.0\.0\.1:[0-9]+)$ ]] ||
    usage_error "--host must be https://<workspace>, without a path"
  require_secret TOKEN --token-file DATABRICKS_TOKEN "$TOKEN_FILE" "Databricks access token"
  # Checked rather than escaped: it is written between quotes into curl's config file.
  [[ $TOKEN =~ ^[A-Za-z0-9._~+/=-]+$ ]] || die "DATABRICKS_TOKEN holds characters that no Databricks token has"
}

# dbx_try METHOD PATH [BODY_FILE]: answer in $DBX_OUT, HTTP status in $DBX_STATUS (cli: 200 or 000);
# returns curl's exit code when there was no answer at all.
dbx_try() {
  local method=$1 path=$2 body=${3:-} arguments=()
  if [[ -n $PROFILE ]]; then
    if [[ -n $body ]]; then arguments=(--json "@$body"); fi
    DBX_STATUS=000
    databricks api "${method,,}" "$path" --profile "$PROFILE" "${arguments[@]}" >"$DBX_OUT" 2>"$WORK_DIR/dbx.err" \
      </dev/null || return 1
    DBX_STATUS=200
    return 0
  fi
  printf 'url = "%s%s"\nrequest = "%s"\nheader = "Authorization: Bearer %s"\n' \
    "$DATABRICKS_URL" "$path" "$method" "$TOKEN" >"$WORK_DIR/curl.conf"
  if [[ -n $body ]]; then arguments=(--header 'Content-Type: application/json' --data-binary "@$body"); fi
  : >"$DBX_OUT"
  DBX_STATUS=$(curl --config "$WORK_DIR/curl.conf" --silent --show-error --connect-timeout 10 --max-time 60 \
    --output "$DBX_OUT" --write-out '%{http_code}' "${arguments[@]}" 2>"$WORK_DIR/dbx.err" </dev/null)
}

# dbx METHOD PATH [BODY_FILE]: as above, and anything but 2xx stops the script with the server's words.
dbx() {
  local code=0
  dbx_try "$@" || code=$?
  if ((code)); then die "Databricks did not answer $1 ${2%%\?*}: $(<"$WORK_DIR/dbx.err")"; fi
  if [[ $DBX_STATUS != 2?? ]]; then
    die "Databricks answered $DBX_STATUS to $1 ${2%%\?*}: $(head -c 500 "$DBX_OUT" | tr -d '\000-\037')"
  fi
}

# list_all PATH KEY FILE: every page of a listing, as one JSON array in FILE.
list_all() {
  local path=$1 key=$2 file=$3 token='' pages=()
  while :; do
    dbx GET "$path${token:+&page_token=$token}"
    cp -- "$DBX_OUT" "$WORK_DIR/page.${#pages[@]}"
    pages+=("$WORK_DIR/page.${#pages[@]}")
    token=$(jobs_json next-page "$DBX_OUT")
    [[ -n $token ]] || break
  done
  jobs_json join --key "$key" "${pages[@]}" >"$file"
}
