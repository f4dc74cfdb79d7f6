#!/usr/bin/env bash
# setup_azure_adf_webhooks.sh - make Azure Monitor tell the desk about failed Data Factory runs.
#
# Makes, in your subscription: an action group with one webhook receiver, metric alert rules on PipelineFailedRuns and
# ActivityFailedRuns, and (with --log-workspace) a log search rule that carries run id, error code and message, and
# the diagnostic setting that fills its tables. A second run changes nothing, or updates what you changed your mind
# about. Everything made is tagged created-by=aiops-desk-setup; --undo removes exactly that.
#
# Usage: setup_azure_adf_webhooks.sh [flags]      (asks for what is missing when run on a terminal)
#
#   --resource-group NAME     resource group of the factory
#   --factory NAME            the Data Factory
#   --desk-url URL            public https address of the desk, e.g. https://desk.example.com
#   --subscription ID         default: the current one of `az account show`
#   --alert-resource-group N  where the rules are put; default: the factory's group
#   --name-prefix NAME        first part of every name made; default: aiops-desk
#   --log-workspace ID        full resource id of the Log Analytics workspace: adds the log search rule
#   --rules WHICH             metric, log or both; default: both with --log-workspace, else metric
#
#   --auth query              key in the query of the webhook's address (default)
#   --auth basic              key as password in the address; --basic-user NAME (default: azure)
#   --auth secure-webhook     Entra token, no key: --aad-object-id ID --aad-identifier-uri URI --aad-tenant ID
#   --key-file FILE           file with the desk's service key; else $RCA_API_KEY, $RCA_API_KEY_FILE, or a hidden prompt
#
#   --test | --no-test        ask Azure for a test notification; default: only when something changed
#   --undo                    remove what this script made for this factory
#   --dry-run                 read from Azure, print what would be written (secrets masked), write nothing
#   --help
#
# Exit status: 0 done, 1 Azure refused something or the test did not arrive, 2 wrong flags.
set -euo pipefail

LIB_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)/lib
# shellcheck source=lib/common.sh
source "$LIB_DIR/common.sh"
# shellcheck source=lib/azure.sh
source "$LIB_DIR/azure.sh"

SUBSCRIPTION='' RESOURCE_GROUP='' FACTORY='' DESK_URL='' ALERT_GROUP='' LOG_WORKSPACE='' RULES=''
PREFIX=aiops-desk TEST=auto UNDO=0

parse_flags() {
  while (($#)); do
    if [[ $1 == --*=* ]]; then set -- "${1%%=*}" "${1#*=}" "${@:2}"; fi
    case $1 in
      --help | -h) print_help; exit 0 ;;
      --dry-run) DRY_RUN=1; shift; continue ;;
      --undo) UNDO=1; shift; continue ;;
      --test) TEST=yes; shift; continue ;;
      --no-test) TEST=no; shift; continue ;;
    esac
    case $1 in
      --subscription) take_value "$@"; SUBSCRIPTION=$VALUE ;;
      --resource-group) take_value "$@"; RESOURCE_GROUP=$VALUE ;;
      --factory) take_value "$@"; FACTORY=$VALUE ;;
      --desk-url) take_value "$@"; DESK_URL=${VALUE%/} ;;
      --alert-resource-group) take_value "$@"; ALERT_GROUP=$VALUE ;;
      --name-prefix) take_value "$@"; PREFIX=$VALUE ;;
      --log-workspace) take_value "$@"; LOG_WORKSPACE=$VALUE ;;
      --rules) take_value "$@"; RULES=$VALUE ;;
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
  require RESOURCE_GROUP --resource-group "resource group of the Data Factory"
  require FACTORY --factory "name of the Data Factory"
  [[ $PREFIX =~ ^[A-Za-z0-9-]+$ ]] || usage_error "--name-prefix may hold letters, digits and hyphens, not '$PREFIX'"
  if ((UNDO)); then return 0; fi
  require DESK_URL --desk-url "public https address of the desk"
  check_desk_url "$DESK_URL"
  if [[ -n $LOG_WORKSPACE ]]; then
    check_resource_id --log-workspace "$LOG_WORKSPACE" Microsoft.OperationalInsights/workspaces
  fi
  RULES=${RULES:-$([[ -n $LOG_WORKSPACE ]] && printf both || printf metric)}
  [[ $RULES =~ ^(metric|log|both)$ ]] || usage_error "--rules must be metric, log or both, not '$RULES'"
  [[ $RULES == metric || -n $LOG_WORKSPACE ]] || usage_error "missing --log-workspace (--rules $RULES needs it)"
  require_auth
}

name_resources() {
  if [[ -z $SUBSCRIPTION ]]; then
    SUBSCRIPTION=$(az account show --query id --output tsv 2>"$WORK_DIR/az.err" </dev/null) ||
      azure_failed "to name the current subscription"
  fi
  local group="/subscriptions/$SUBSCRIPTION/resourceGroups" insights
  insights="$group/${ALERT_GROUP:-$RESOURCE_GROUP}/providers/Microsoft.Insights"
  FACTORY_ID="$group/$RESOURCE_GROUP/providers/Microsoft.DataFactory/factories/$FACTORY"
  ACTION_GROUP_ID="$insights/actionGroups/$PREFIX-$FACTORY"
  PIPELINE_RULE_ID="$insights/metricAlerts/$PREFIX-$FACTORY-pipeline-failed"
  ACTIVITY_RULE_ID="$insights/metricAlerts/$PREFIX-$FACTORY-activity-failed"
  LOG_RULE_ID="$insights/scheduledQueryRules/$PREFIX-$FACTORY-run-failed"
}

# apply_metric_rule ID METRIC DESCRIPTION DIMENSION...
apply_metric_rule() {
  local id=$1 metric=$2 description=$3 dimension arguments=()
  shift 3
  for dimension in "$@"; do arguments+=(--dimension "$dimension"); done
  bodies metric-rule --resource "$FACTORY_ID" --metric "$metric" --action-group "$ACTION_GROUP_ID" \
    --description "$description" "${arguments[@]}" >"$WORK_DIR/metric.json"
  arm_apply "metric rule ${id##*/}" "$(metric_rule_url "$id")" "$WORK_DIR/metric.json"
}

set_up() {
  arm_get "$FACTORY_ID?api-version=2018-06-01" "$WORK_DIR/factory.json" ||
    die "there is no Data Factory '$FACTORY' in resource group '$RESOURCE_GROUP' of subscription $SUBSCRIPTION"
  apply_action_group "$ACTION_GROUP_ID" "$DESK_URL/azure-monitor"
  if [[ $RULES != log ]]; then
    apply_metric_rule "$PIPELINE_RULE_ID" PipelineFailedRuns "A Data Factory pipeline run failed" Name
    # Here Name is the activity; PipelineName beside it tells the desk which pipeline's runs to look up.
    apply_metric_rule "$ACTIVITY_RULE_ID" ActivityFailedRuns "A Data Factory activity failed" Name PipelineName
  fi
  if [[ $RULES != metric ]]; then
    apply_diagnostics "$FACTORY_ID" "$LOG_WORKSPACE" "$PREFIX-logs" PipelineRuns ActivityRuns TriggerRuns
    apply_log_rule "$LOG_RULE_ID" "$LOG_WORKSPACE" "$FACTORY_ID" "$LIB_DIR/../kql/adf_failed_runs.kql" \
      "$ACTION_GROUP_ID" "A Data Factory run failed, with its error" \
      PipelineRunId PipelineName ActivityName ErrorCode ErrorMessage
  fi
  if [[ $TEST == yes ]] || [[ $TEST == auto && $((${#CREATED[@]} + ${#UPDATED[@]} + DRY_RUN)) -gt 0 ]]; then
    send_test_notification "$ACTION_GROUP_ID" metricstaticthreshold
  fi
}

undo() {
  arm_remove "log search rule ${LOG_RULE_ID##*/}" "$(log_rule_url "$LOG_RULE_ID")"
  arm_remove "metric rule ${ACTIVITY_RULE_ID##*/}" "$(metric_rule_url "$ACTIVITY_RULE_ID")"
  arm_remove "metric rule ${PIPELINE_RULE_ID##*/}" "$(metric_rule_url "$PIPELINE_RULE_ID")"
  arm_remove "diagnostic setting $PREFIX-logs" "$(diagnostics_url "$FACTORY_ID" "/$PREFIX-logs")"
  remove_action_group "$ACTION_GROUP_ID"
}

summary() {
  print_azure_summary
  if ((UNDO)); then return 0; fi
  say "Factory $FACTORY -> $DESK_URL/azure-monitor, credential: $AUTH, rules: $RULES"
  if [[ $AUTH == secure-webhook ]]; then
    say "Set in the desk's environment: AZURE_WEBHOOK_TENANT_ID=$AAD_TENANT AZURE_WEBHOOK_AUDIENCE=<client id of the app>"
  fi
  if [[ $RULES != log ]]; then
    say "A metric alert names no run and no error: give the desk read access to the factory (docs/azure.md)."
  fi
  say "Only triggered runs count in the metrics; debug runs never alert."
}

parse_flags "$@"
need_python
need_command az "https://learn.microsoft.com/cli/azure/install-azure-cli"
check_wishes
name_resources
if ((UNDO)); then undo; else set_up; fi
summary
exit "$TEST_FAILED"
