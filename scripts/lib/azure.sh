# shellcheck shell=bash
# Azure Resource Manager through `az rest`: read, compare, write only what differs, delete only what is ours.
# Bodies travel as @file in a 0700 folder, so no secret is ever in a process argument.
# Needs common.sh and LIB_DIR.

# shellcheck disable=SC2034  # TEST_FAILED is the exit status of the script that sources this
TEST_FAILED=0
CREATED=() UPDATED=() UNCHANGED=() REMOVED=()

bodies() { python3 "$LIB_DIR/azure_bodies.py" "$@"; }

azure_failed() {
  local what=$1 text
  text=$(<"$WORK_DIR/az.err")
  case $text in
    *AuthorizationFailed*) warn "your account lacks a role; Monitoring Contributor on the resource group is enough for" \
      "alert rules and action groups" ;;
    *"az login"* | *AADSTS*) warn "sign in first: az login" ;;
  esac
  die "Azure refused $what: $text"
}

# arm_get URL FILE: 0 found, 1 not there; anything else (no right, no group, not signed in) stops the script.
arm_get() {
  if az rest --method get --url "$1" --output json >"$2" 2>"$WORK_DIR/az.err" </dev/null; then return 0; fi
  if grep -Eq 'ResourceGroupNotFound|SubscriptionNotFound' "$WORK_DIR/az.err"; then azure_failed "GET ${1%%\?*}"; fi
  if grep -Eq 'ResourceNotFound|NotFound|Not Found' "$WORK_DIR/az.err"; then return 1; fi
  azure_failed "GET ${1%%\?*}"
}

# arm_apply LABEL URL BODY_FILE: creates or updates; a second run with the same wishes writes nothing.
arm_apply() {
  local label=$1 url=$2 body=$3 current="$WORK_DIR/current.json" verb=create
  if arm_get "$url" "$current"; then
    bodies ours "$current" ||
      die "$label exists already and was not made by this script; choose another --name-prefix"
    verb=update
    if bodies same "$body" "$current"; then
      UNCHANGED+=("$label")
      say "unchanged  $label"
      return 0
    fi
  fi
  if ((DRY_RUN)); then
    plan "az rest --method put --url '$url' --body @FILE   # $verb $label; FILE is:"
    bodies mask "$body"
    return 0
  fi
  az rest --method put --url "$url" --headers Content-Type=application/json --body "@$body" --output none \
    2>"$WORK_DIR/az.err" </dev/null || azure_failed "to $verb $label"
  if [[ $verb == create ]]; then CREATED+=("$label"); else UPDATED+=("$label"); fi
  say "${verb}d    $label"
}

# arm_remove LABEL URL: deletes what carries our mark, leaves everything else alone.
arm_remove() {
  local label=$1 url=$2 current="$WORK_DIR/current.json"
  if ! arm_get "$url" "$current"; then say "not there   $label"; return 0; fi
  if ! bodies ours "$current"; then warn "left alone: $label was not made by this script"; return 0; fi
  if ((DRY_RUN)); then plan "az rest --method delete --url '$url'   # $label"; return 0; fi
  az rest --method delete --url "$url" --output none 2>"$WORK_DIR/az.err" </dev/null || azure_failed "to delete $label"
  REMOVED+=("$label")
  say "removed     $label"
}

# remove_action_group ID: the whole group, unless people added receivers of their own; then only ours leaves it.
remove_action_group() {
  local id=$1 url rest="$WORK_DIR/group.rest.json"
  url=$(action_group_url "$id")
  if arm_get "$url" "$WORK_DIR/group.now.json" && bodies ours "$WORK_DIR/group.now.json" &&
    bodies without-desk "$WORK_DIR/group.now.json" >"$rest"; then
    if ((DRY_RUN)); then plan "az rest --method put --url '$url' --body @FILE   # take our receiver out"; return 0; fi
    az rest --method put --url "$url" --headers Content-Type=application/json --body "@$rest" --output none \
      2>"$WORK_DIR/az.err" </dev/null || azure_failed "to take our receiver out of ${id##*/}"
    REMOVED+=("receiver desk in ${id##*/}")
    say "removed     receiver 'desk' (action group ${id##*/} has other receivers and stays)"
    return 0
  fi
  arm_remove "action group ${id##*/}" "$url"
}

action_group_url() { printf '%s?api-version=2023-01-01' "$1"; }
metric_rule_url() { printf '%s?api-version=2018-03-01' "$1"; }
log_rule_url() { printf '%s?api-version=2021-08-01' "$1"; }
diagnostics_url() { printf '%s/providers/Microsoft.Insights/diagnosticSettings%s?api-version=2021-05-01-preview' "$1" "$2"; }

check_resource_id() {
  local flag=$1 id=$2 type=$3
  [[ ${id,,} =~ ^/subscriptions/[^/]+/resourcegroups/[^/]+/providers/${type,,}/[^/]+$ ]] ||
    usage_error "$flag must be a full resource id: /subscriptions/.../resourceGroups/.../providers/$type/NAME"
}

# take_auth_flag FLAG VALUE: the flags of the webhook's credential, the same in both set-up scripts.
AUTH='' BASIC_USER='' KEY_FILE='' AAD_OBJECT_ID='' AAD_IDENTIFIER_URI='' AAD_TENANT='' DESK_KEY=''
is_auth_flag() { [[ $1 =~ ^--(auth|basic-user|key-file|aad-object-id|aad-identifier-uri|aad-tenant)$ ]]; }
take_auth_flag() {
  case $1 in
    --auth) AUTH=$2 ;;
    --basic-user) BASIC_USER=$2 ;;
    --key-file) KEY_FILE=$2 ;;
    --aad-object-id) AAD_OBJECT_ID=$2 ;;
    --aad-identifier-uri) AAD_IDENTIFIER_URI=$2 ;;
    --aad-tenant) AAD_TENANT=$2 ;;
  esac
}

require_auth() {
  require AUTH --auth "how Azure proves itself: query, basic or secure-webhook" query
  case $AUTH in
    query | basic)
      require_secret DESK_KEY --key-file RCA_API_KEY "$KEY_FILE" "service key of the desk"
      ;;
    secure-webhook)
      require AAD_OBJECT_ID --aad-object-id "object id of the app registration (not its client id)"
      require AAD_IDENTIFIER_URI --aad-identifier-uri "Application ID URI of the app registration, api://..."
      require AAD_TENANT --aad-tenant "tenant id of the app registration"
      ;;
    *) usage_error "--auth must be query, basic or secure-webhook, not '$AUTH'" ;;
  esac
}

# apply_action_group ID DESK_ADDRESS: one webhook receiver named "desk", common alert schema on. Receivers that
# people added by hand (mail, Teams) are kept, because PUT replaces the whole group.
apply_action_group() {
  local id=$1 address=$2 url
  url=$(action_group_url "$id")
  printf '%s' "$DESK_KEY" >"$WORK_DIR/key"
  : >"$WORK_DIR/group.now.json"
  if ! arm_get "$url" "$WORK_DIR/group.now.json"; then : >"$WORK_DIR/group.now.json"; fi
  bodies action-group --address "$address" --auth "$AUTH" --key-file "$WORK_DIR/key" \
    --basic-user "${BASIC_USER:-azure}" --object-id "$AAD_OBJECT_ID" --identifier-uri "$AAD_IDENTIFIER_URI" \
    --tenant "$AAD_TENANT" --current "$WORK_DIR/group.now.json" >"$WORK_DIR/group.json"
  arm_apply "action group ${id##*/}" "$url" "$WORK_DIR/group.json"
}

# apply_diagnostics RESOURCE_ID WORKSPACE_ID NAME CATEGORY...: without it the log tables stay empty for ever. An
# existing setting that already does it is respected; Azure refuses a second one for the same logs and workspace.
apply_diagnostics() {
  local resource=$1 workspace=$2 name=$3 verdict list="$WORK_DIR/diagnostics.json" category arguments=()
  shift 3
  for category in "$@"; do arguments+=(--category "$category"); done
  arm_get "$(diagnostics_url "$resource" '')" "$list" || die "there is no resource $resource"
  verdict=$(bodies covered "$list" --workspace "$workspace" --own-name "$name" "${arguments[@]}")
  case $verdict in
    covered:*) say "unchanged  diagnostic setting (${verdict#covered:} already sends these logs)"; return 0 ;;
    conflict:*) die "diagnostic setting ${verdict#conflict:} sends these logs to the old AzureDiagnostics table of this" \
      "workspace. Set its destination table to 'Resource specific' in the portal, then run this again." ;;
  esac
  bodies diagnostics --workspace "$workspace" "${arguments[@]}" >"$WORK_DIR/diagnostics.body.json"
  arm_apply "diagnostic setting $name" "$(diagnostics_url "$resource" "/$name")" "$WORK_DIR/diagnostics.body.json"
}

# apply_log_rule ID WORKSPACE_ID SCOPE_ID QUERY_FILE ACTION_GROUP_ID DESCRIPTION DIMENSION...
apply_log_rule() {
  local id=$1 workspace=$2 scope=$3 query=$4 group=$5 description=$6 location dimension arguments=()
  shift 6
  arm_get "$workspace?api-version=2022-10-01" "$WORK_DIR/workspace.json" ||
    die "there is no Log Analytics workspace $workspace"
  location=$(bodies field "$WORK_DIR/workspace.json" location)
  for dimension in "$@"; do arguments+=(--dimension "$dimension"); done
  bodies log-rule --workspace "$workspace" --location "$location" --resource "$scope" --query-file "$query" \
    --action-group "$group" --description "$description" "${arguments[@]}" >"$WORK_DIR/log-rule.json"
  arm_apply "log search rule ${id##*/}" "$(log_rule_url "$id")" "$WORK_DIR/log-rule.json"
}

# send_test_notification ACTION_GROUP_ID ALERT_TYPE: Azure posts one of its own samples to the desk. The address (and
# the key in it) is read by az from a file: an argument @FILE is replaced by the file's text inside az.
send_test_notification() {
  local id=$1 type=$2 group resource_group subscription receiver=()
  group=${id##*/}
  resource_group=$(cut -d/ -f5 <<<"$id")
  subscription=$(cut -d/ -f3 <<<"$id")
  bodies field "$WORK_DIR/group.json" desk-uri >"$WORK_DIR/desk-uri"
  receiver=(webhook desk "@$WORK_DIR/desk-uri")
  if [[ $AUTH == secure-webhook ]]; then receiver+=(useaadauth "$AAD_OBJECT_ID" "$AAD_IDENTIFIER_URI"); fi
  receiver+=(usecommonalertschema)
  if ((DRY_RUN)); then
    plan "az monitor action-group test-notifications create --action-group $group --resource-group $resource_group" \
      "--alert-type $type --add-action webhook desk @FILE usecommonalertschema"
    return 0
  fi
  if az monitor action-group test-notifications create --subscription "$subscription" --action-group "$group" \
    --resource-group "$resource_group" --alert-type "$type" --add-action "${receiver[@]}" --output json \
    >"$WORK_DIR/test.json" 2>"$WORK_DIR/az.err" </dev/null && ! grep -q '"[Ff]ailed"' "$WORK_DIR/test.json"; then
    say "test        Azure delivered a sample alert; the desk shows it under Alert events"
  else
    warn "the test notification did not arrive. Azure's words: $(cat "$WORK_DIR/az.err" \
      "$WORK_DIR/test.json" | tr -s '[:space:]' ' ' | head -c 1000)"
    warn "the rules are in place; look at the desk's address, certificate and key, then run again with --test"
    TEST_FAILED=1
  fi
}

print_azure_summary() {
  say ""
  if ((DRY_RUN)); then say "Dry run: nothing was changed."; return 0; fi
  say "Summary: ${#CREATED[@]} created, ${#UPDATED[@]} updated, ${#UNCHANGED[@]} unchanged, ${#REMOVED[@]} removed."
}
