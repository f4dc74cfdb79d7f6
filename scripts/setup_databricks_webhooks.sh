#!/usr/bin/env bash
# setup_databricks_webhooks.sh - make Databricks tell the desk about failed and overlong job runs.
#
# Makes a notification destination (generic webhook, HTTP Basic, the desk's service key as password) and adds it to
# the failure and duration-warning notifications of the jobs you name. What a job already notifies is kept. Clusters
# have no notifications of their own: with the Azure flags below, an Azure Monitor log search rule on
# DatabricksClusters reports their failures. A second run changes nothing. --undo removes exactly what was made.
#
# Usage: setup_databricks_webhooks.sh [flags]      (asks for what is missing when run on a terminal)
#
#   --host URL                workspace; else $DATABRICKS_HOST. Token: $DATABRICKS_TOKEN, $DATABRICKS_TOKEN_FILE,
#   --token-file FILE         this file, or a hidden prompt; a workspace admin's, as only admins make destinations
#   --profile NAME            use this profile of the `databricks` CLI (0.205 or later) instead of host and token
#   --desk-url URL            public https address of the desk, e.g. https://desk.example.com
#   --key-file FILE           file with the desk's service key; else $RCA_API_KEY, $RCA_API_KEY_FILE, or a hidden prompt
#   --username NAME           user part of HTTP Basic; default: databricks (the desk looks at the key only)
#   --destination-name NAME   default: aiops-desk
#   --update-destination      send address and key again (after a key was rotated; Databricks never shows them)
#   --job-id ID               a job to watch; repeatable
#   --all-jobs                every job that you can see
#   --create-test-job         make a job that fails on purpose, and start it once
#   --test-cluster-id ID      run the test job there; default: serverless
#
#   Cluster failures (need `az`, signed in); without them the query to use is printed by --print-cluster-query:
#   --databricks-workspace-id ID  full Azure resource id of the Databricks workspace (Premium: it has diagnostic logs)
#   --log-workspace ID            full resource id of the Log Analytics workspace
#   --name-prefix NAME            default: aiops-desk
#   --auth query|basic|secure-webhook, --basic-user, --aad-object-id, --aad-identifier-uri, --aad-tenant
#                                 credential of the Azure webhook, as in setup_azure_adf_webhooks.sh
#   --print-cluster-query
#
#   --undo                    remove it again: from every job, the destination, the test job, the Azure rule
#   --dry-run                 read, print what would be written (secrets masked), write nothing
#   --help
#
# Exit status: 0 done, 1 something was refused or a job is at its limit of 3 destinations, 2 wrong flags.
set -euo pipefail

LIB_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)/lib
# shellcheck source=lib/common.sh
source "$LIB_DIR/common.sh"
# shellcheck source=lib/azure.sh
source "$LIB_DIR/azure.sh"
# shellcheck source=lib/databricks.sh
source "$LIB_DIR/databricks.sh"

HOST='' DESK_URL='' USERNAME=databricks DESTINATION_NAME=aiops-desk DESTINATION_ID=''
JOB_IDS=() ALL_JOBS=0 UPDATE_DESTINATION=0 TEST_JOB=0 TEST_CLUSTER='' UNDO=0 PROBLEMS=0
PREFIX=aiops-desk DATABRICKS_ID='' LOG_WORKSPACE='' ATTACHED=0 ALREADY=0
QUERY_FILE="$LIB_DIR/../kql/databricks_cluster_failures.kql"

parse_switch() {
  case $1 in
    --help | -h) print_help; exit 0 ;;
    --print-cluster-query) cat -- "$QUERY_FILE"; exit 0 ;;
    --all-jobs) ALL_JOBS=1 ;;
    --update-destination) UPDATE_DESTINATION=1 ;;
    --create-test-job) TEST_JOB=1 ;;
    --undo) UNDO=1 ;;
    --dry-run) DRY_RUN=1 ;;
    *) return 1 ;;
  esac
}

parse_flags() {
  while (($#)); do
    if [[ $1 == --*=* ]]; then set -- "${1%%=*}" "${1#*=}" "${@:2}"; fi
    if parse_switch "$1"; then shift; continue; fi
    case $1 in
      --host) take_value "$@"; HOST=$VALUE ;;
      --token-file) take_value "$@"; TOKEN_FILE=$VALUE ;;
      --profile) take_value "$@"; PROFILE=$VALUE ;;
      --desk-url) take_value "$@"; DESK_URL=${VALUE%/} ;;
      --username) take_value "$@"; USERNAME=$VALUE ;;
      --destination-name) take_value "$@"; DESTINATION_NAME=$VALUE ;;
      --job-id) take_value "$@"; JOB_IDS+=("$VALUE") ;;
      --test-cluster-id) take_value "$@"; TEST_CLUSTER=$VALUE ;;
      --databricks-workspace-id) take_value "$@"; DATABRICKS_ID=$VALUE ;;
      --log-workspace) take_value "$@"; LOG_WORKSPACE=$VALUE ;;
      --name-prefix) take_value "$@"; PREFIX=$VALUE ;;
      *)
        is_auth_flag "$1" || usage_error "unknown flag $1"
        take_value "$@"
        take_auth_flag "$1" "$VALUE"
        ;;
    esac
    shift 2
  done
}

check_wishes() {
  local id
  for id in "${JOB_IDS[@]}"; do
    [[ $id =~ ^[0-9]+$ ]] || usage_error "--job-id must be a number, not '$id'"
  done
  if ((ALL_JOBS && ${#JOB_IDS[@]})); then usage_error "give --all-jobs or --job-id, not both"; fi
  [[ $PREFIX =~ ^[A-Za-z0-9-]+$ ]] || usage_error "--name-prefix may hold letters, digits and hyphens, not '$PREFIX'"
  if [[ -n $DATABRICKS_ID ]]; then
    check_resource_id --databricks-workspace-id "$DATABRICKS_ID" Microsoft.Databricks/workspaces
  fi
  if ((UNDO)); then return 0; fi
  if [[ -n $DATABRICKS_ID && -z $LOG_WORKSPACE ]]; then
    usage_error "missing --log-workspace (--databricks-workspace-id needs it)"
  fi
  if [[ -n $LOG_WORKSPACE ]]; then
    check_resource_id --log-workspace "$LOG_WORKSPACE" Microsoft.OperationalInsights/workspaces
    [[ -n $DATABRICKS_ID ]] || usage_error "missing --databricks-workspace-id (--log-workspace needs it)"
  fi
  require DESK_URL --desk-url "public https address of the desk"
  check_desk_url "$DESK_URL"
  require_secret DESK_KEY --key-file RCA_API_KEY "$KEY_FILE" "service key of the desk"
}

# choose_jobs: on a terminal, ask which jobs when no flag said what to do.
choose_jobs() {
  local answer=''
  if ((UNDO + ALL_JOBS + TEST_JOB + ${#JOB_IDS[@]})) || [[ -n $DATABRICKS_ID || ! -t 0 ]]; then return 0; fi
  read -r -p "job ids to watch, separated by blanks, or all [none]: " answer || true
  if [[ $answer == all ]]; then ALL_JOBS=1; else read -r -a JOB_IDS <<<"$answer"; fi
}

# write_dbx WHAT METHOD PATH [BODY_FILE]: a call that changes something; a dry run only prints it.
write_dbx() {
  local what=$1 method=$2 path=$3 body=${4:-}
  if ((DRY_RUN)); then
    plan "$method $path   # $what"
    if [[ -n $body ]]; then jobs_json mask "$body"; fi
    return 0
  fi
  dbx "$method" "$path" "$body"
  say "$what"
}

find_destination() {
  list_all "/api/2.0/notification-destinations?page_size=100" results "$WORK_DIR/destinations.json"
  DESTINATION_ID=$(jobs_json find "$WORK_DIR/destinations.json" --name "$DESTINATION_NAME")
}

apply_destination() {
  local body="$WORK_DIR/destination.json" base=/api/2.0/notification-destinations
  find_destination
  if [[ -n $DESTINATION_ID ]] && ! ((UPDATE_DESTINATION)); then
    say "unchanged  destination '$DESTINATION_NAME' (Databricks hides its address and key; --update-destination resends)"
    return 0
  fi
  printf '%s' "$DESK_KEY" >"$WORK_DIR/key"
  jobs_json destination --name "$DESTINATION_NAME" --url "$DESK_URL/databricks-monitor" --username "$USERNAME" \
    --key-file "$WORK_DIR/key" >"$body"
  if [[ -n $DESTINATION_ID ]]; then
    write_dbx "updated    destination '$DESTINATION_NAME'" PATCH "$base/$DESTINATION_ID" "$body"
    return 0
  fi
  write_dbx "created    destination '$DESTINATION_NAME'" POST "$base" "$body"
  if ((DRY_RUN)); then DESTINATION_ID='<id of the new destination>'; else DESTINATION_ID=$(jobs_json field "$DBX_OUT" id); fi
}

# chosen_jobs: ids, one per line.
list_jobs() { list_all "/api/2.2/jobs/list?limit=100" jobs "$WORK_DIR/jobs.json"; }
chosen_jobs() {
  if ((ALL_JOBS || UNDO)); then jobs_json ids "$WORK_DIR/jobs.json"; else printf '%s\n' "${JOB_IDS[@]}"; fi
}

# change_job attach|detach ID: read and write close together, because the write replaces the whole list.
change_job() {
  local verb=$1 id=$2 job="$WORK_DIR/job.json" body="$WORK_DIR/job.update.json" code=0
  dbx GET "/api/2.2/jobs/get?job_id=$id"
  cp -- "$DBX_OUT" "$job"
  jobs_json "$verb" "$job" --destination "$DESTINATION_ID" >"$body" || code=$?
  case $code in
    0) write_dbx "${verb}ed   job $id" POST /api/2.2/jobs/update "$body"; ATTACHED=$((ATTACHED + 1)) ;;
    3) ALREADY=$((ALREADY + 1)) ;;
    *) PROBLEMS=1 ;;
  esac
  if [[ $verb == attach && $code -ne 4 ]]; then jobs_json notes "$job"; fi
}

apply_jobs() {
  local id ids
  if ((ALL_JOBS)); then list_jobs; fi
  if ! ((ALL_JOBS + ${#JOB_IDS[@]})); then return 0; fi
  ids=$(chosen_jobs)
  for id in $ids; do change_job attach "$id"; done
}

create_test_job() {
  local body="$WORK_DIR/test.json" id
  list_jobs
  id=$(jobs_json test-job-ids "$WORK_DIR/jobs.json" | head -n 1)
  if [[ -n $id ]]; then
    say "unchanged  test job $id; start it with: Run now, in the Jobs page"
    return 0
  fi
  printf '{"path": "/Shared/aiops-desk-test"}' >"$body"
  write_dbx "created    folder /Shared/aiops-desk-test" POST /api/2.0/workspace/mkdirs "$body"
  jobs_json test-notebook >"$body"
  write_dbx "created    notebook /Shared/aiops-desk-test/fail" POST /api/2.0/workspace/import "$body"
  jobs_json test-job --destination "$DESTINATION_ID" --cluster "$TEST_CLUSTER" >"$body"
  write_dbx "created    test job" POST /api/2.2/jobs/create "$body"
  if ((DRY_RUN)); then plan "POST /api/2.2/jobs/run-now   # start the test job"; return 0; fi
  id=$(jobs_json field "$DBX_OUT" job_id)
  printf '{"job_id": %s}' "$id" >"$body"
  write_dbx "started    test job $id; the desk hears of it when the run has failed" POST /api/2.2/jobs/run-now "$body"
}

name_azure_resources() {
  local insights="${DATABRICKS_ID%/providers/*}/providers/Microsoft.Insights" name=${DATABRICKS_ID##*/}
  ACTION_GROUP_ID="$insights/actionGroups/$PREFIX-$name-clusters"
  LOG_RULE_ID="$insights/scheduledQueryRules/$PREFIX-$name-cluster-failed"
}

apply_cluster_rule() {
  need_command az "https://learn.microsoft.com/cli/azure/install-azure-cli"
  require_auth
  name_azure_resources
  apply_action_group "$ACTION_GROUP_ID" "$DESK_URL/azure-monitor-alert"
  apply_diagnostics "$DATABRICKS_ID" "$LOG_WORKSPACE" "$PREFIX-logs" clusters
  apply_log_rule "$LOG_RULE_ID" "$LOG_WORKSPACE" "$DATABRICKS_ID" "$QUERY_FILE" "$ACTION_GROUP_ID" \
    "A Databricks cluster was terminated by a failure" ClusterId ClusterName TerminationCode State LastEvent
}

undo() {
  local id ids test_ids body="$WORK_DIR/undo.json"
  list_jobs
  find_destination
  test_ids=$(jobs_json test-job-ids "$WORK_DIR/jobs.json")
  for id in $test_ids; do
    printf '{"job_id": %s}' "$id" >"$body"
    write_dbx "removed     test job $id" POST /api/2.2/jobs/delete "$body"
    printf '{"path": "/Shared/aiops-desk-test/fail"}' >"$body"
    write_dbx "removed     notebook /Shared/aiops-desk-test/fail" POST /api/2.0/workspace/delete "$body"
    # Not recursive: a folder that holds somebody's own files stays.
    printf '{"path": "/Shared/aiops-desk-test", "recursive": false}' >"$body"
    if ! ((DRY_RUN)); then dbx_try POST /api/2.0/workspace/delete "$body" || true; fi
  done
  if [[ -n $DESTINATION_ID ]]; then
    ids=$(chosen_jobs)
    for id in $ids; do
      if [[ $'\n'$test_ids$'\n' != *$'\n'$id$'\n'* ]]; then change_job detach "$id"; fi
    done
    write_dbx "removed     destination '$DESTINATION_NAME'" DELETE "/api/2.0/notification-destinations/$DESTINATION_ID"
  else
    say "not there   destination '$DESTINATION_NAME'"
  fi
  if [[ -z $DATABRICKS_ID ]]; then
    say "note        give --databricks-workspace-id too if the cluster rule in Azure should go"
    return 0
  fi
  need_command az "https://learn.microsoft.com/cli/azure/install-azure-cli"
  name_azure_resources
  arm_remove "log search rule ${LOG_RULE_ID##*/}" "$(log_rule_url "$LOG_RULE_ID")"
  arm_remove "diagnostic setting $PREFIX-logs" "$(diagnostics_url "$DATABRICKS_ID" "/$PREFIX-logs")"
  remove_action_group "$ACTION_GROUP_ID"
}

summary() {
  say ""
  if ((DRY_RUN)); then say "Dry run: nothing was changed."; return 0; fi
  if ((UNDO)); then say "Summary: $ATTACHED jobs detached."; return 0; fi
  say "Summary: destination '$DESTINATION_NAME' -> $DESK_URL/databricks-monitor; jobs attached now: $ATTACHED," \
    "already attached: $ALREADY."
  if ! ((ALL_JOBS + TEST_JOB + ${#JOB_IDS[@]})); then
    say "No job was named, so none was attached: give --job-id or --all-jobs."
  fi
  if [[ -z $DATABRICKS_ID ]]; then
    say "Cluster failures are not covered: give --databricks-workspace-id and --log-workspace, or see docs/databricks.md."
  fi
  if ((PROBLEMS)); then warn "some jobs could not be attached; the reasons are above"; fi
}

parse_flags "$@"
need_python
choose_jobs
check_wishes
connect_databricks "$HOST"
if ((UNDO)); then
  undo
else
  apply_destination
  apply_jobs
  if ((TEST_JOB)); then create_test_job; fi
  if [[ -n $DATABRICKS_ID ]]; then apply_cluster_rule; fi
fi
summary
exit "$PROBLEMS"
