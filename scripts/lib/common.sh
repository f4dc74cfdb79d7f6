# shellcheck shell=bash
# What every script here shares: messages, flags, prompts, secrets, the private work folder.
# Sourced, never run. JSON is handled by python3 (the project needs it anyway), so jq is not required.

if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  echo "error: bash 4.4 or later is needed; this is $BASH_VERSION (macOS ships 3.2)" >&2
  exit 1
fi

umask 077
export PYTHONDONTWRITEBYTECODE=1
WORK_DIR=$(mktemp -d "${TMPDIR:-/tmp}/aiops-desk.XXXXXX")
# shellcheck disable=SC2034  # read by the scripts that source this
DRY_RUN=0 VALUE=''
trap 'rm -rf -- "$WORK_DIR"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# redact TEXT: every secret read so far is taken out, whoever quotes it (a server's error, a tool's warning).
SECRETS=()
redact() {
  local text=$1 secret
  for secret in "${SECRETS[@]}"; do text=${text//"$secret"/***}; done
  printf '%s' "$text"
}

say() { printf '%s\n' "$(redact "$*")"; }
warn() { printf 'warning: %s\n' "$(redact "$*")" >&2; }
die() { printf 'error: %s\n' "$(redact "$*")" >&2; exit 1; }
usage_error() { printf 'error: %s\nTry %s --help\n' "$(redact "$*")" "$0" >&2; exit 2; }

# The comment block at the head of a script is its manual: one text for reader and --help.
print_help() { awk 'NR == 1 { next } /^#/ { sub(/^# ?/, ""); print; next } { exit }' "$0"; }

need_command() { command -v "$1" >/dev/null 2>&1 || die "$1 is not installed or not on PATH: $2"; }

need_python() {
  need_command python3 "Python 3.11 or later"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "python3 is older than 3.11"
}

# take_value FLAG [VALUE]: sets VALUE, or stops when the flag stands alone.
take_value() {
  [[ $# -ge 2 && -n $2 && $2 != --* ]] || usage_error "$1 needs a value"
  # shellcheck disable=SC2034  # the caller reads it
  VALUE=$2
}

# require VARIABLE FLAG QUESTION [DEFAULT]: keeps what a flag set, else asks on a terminal, else says what is missing.
require() {
  local -n target=$1
  local flag=$2 question=$3 default=${4:-} answer=''
  [[ -z $target ]] || return 0
  if [[ -t 0 ]]; then
    read -r -p "$question${default:+ [$default]}: " answer || true
    target=${answer:-$default}
  else
    target=$default
  fi
  [[ -n $target ]] || usage_error "missing $flag ($question)"
}

# first_line FILE: a secret file's first line without its line end.
first_line() {
  local line=''
  [[ -r $1 ]] || die "cannot read the secret file $1"
  IFS= read -r line <"$1" || true
  printf '%s' "${line%$'\r'}"
}

# require_secret VARIABLE FLAG ENVIRONMENT_NAME FILE QUESTION
# Order: the file given by FLAG, $NAME, $NAME_FILE, a hidden prompt. There is deliberately no flag that takes the
# secret itself: arguments are visible to every user of the machine and stay in the shell's history.
require_secret() {
  local -n secret_target=$1
  local flag=$2 name=$3 file=$4 question=$5 file_variable="$3_FILE"
  if [[ -n $file ]]; then
    secret_target=$(first_line "$file")
  elif [[ -n ${!name:-} ]]; then
    secret_target=${!name}
  elif [[ -n ${!file_variable:-} ]]; then
    secret_target=$(first_line "${!file_variable}")
  elif [[ -t 0 ]]; then
    IFS= read -r -s -p "$question (not shown): " secret_target || true
    printf '\n' >&2
  fi
  [[ -n $secret_target ]] || usage_error "missing secret: set $name or ${name}_FILE, or give $flag FILE ($question)"
  [[ $secret_target =~ ^[[:graph:]]+$ ]] || die "the secret of $name must be one word of printable characters"
  # As it is, and as it looks inside an address.
  SECRETS+=("$secret_target" "$(printf '%s' "$secret_target" | python3 -c \
    'import sys, urllib.parse; print(urllib.parse.quote(sys.stdin.read(), safe=""))')")
}

# check_desk_url URL: public https, nothing but scheme, host, port and an optional path prefix.
check_desk_url() {
  [[ $1 =~ ^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?$ ]] ||
    usage_error "--desk-url must look like https://desk.example.com, without credentials or a query: the senders" \
      "reach only public https addresses with a certificate of a public authority"
}

# plan TEXT...: what a dry run would have done.
plan() { printf 'would run: %s\n' "$*"; }
