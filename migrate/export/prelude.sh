# Without --apply nothing is changed. What is right already is left as it is, so it can be run again at any time.
# Exit codes: 0 done, 1 an application was left alone (what is in its way is said), 2 failure.
set -euo pipefail
export AZURE_CORE_ONLY_SHOW_ERRORS=true
apply=no
second=no
skip=no
failed=0
for argument in "$@"; do
  case $argument in
    --apply) apply=yes ;;
    --second-identity) second=yes ;; # also on machines whose code may rely on having one only
    *)
      printf 'usage: %s [--apply] [--second-identity]\n' "$0" >&2
      exit 2
      ;;
  esac
done
if [ "${BASH_VERSINFO[0]}" -lt 4 ]; then
  printf 'this needs bash 4 or later\n' >&2
  exit 2
fi
if ! command -v az >/dev/null; then
  printf 'this needs Azure CLI (az) in the PATH, signed in by az login\n' >&2
  exit 2
fi
trap 'printf "stopped at line %s: run it again when the cause is gone\n" "$LINENO" >&2; exit 2' ERR
set -E

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 2; }
job() { skip=no; say "$*"; }
leave() { say "  LEFT ALONE: $*"; skip=yes; failed=1; }
has() { grep -F "$1" -e "$2" <<<"$3" >/dev/null; } # grep's option, a line, lines

# check_tenant TENANT: refuse to act in another one.
check_tenant() {
  local now
  now=$(az account show --query tenantId --output tsv)
  [ "$now" = "$1" ] || fail "this is for the tenant $1, az is signed in to $now: az login --tenant $1"
}

# create_identity SUBSCRIPTION GROUP NAME LOCATION: create it where it is missing and set $principal, empty when not made.
create_identity() {
  local names
  principal=
  names=$(az identity list --subscription "$1" --resource-group "$2" --query '[].name' --output tsv)
  if has -ix "$3" "$names"; then
    say "  present: identity $3"
  elif [ "$apply" = no ]; then
    say "  would create: identity $3"
    return
  else
    az identity create --subscription "$1" --resource-group "$2" --name "$3" --location "$4" --output none
    say "  created: identity $3"
  fi
  principal=$(az identity show --subscription "$1" --resource-group "$2" --name "$3" --query principalId --output tsv)
  [[ $principal =~ ^[0-9a-f-]{36}$ ]] || fail "the identity $3 has no principal id"
}

# read_host HOST: set $kind and $ids to what the host says of its identities.
read_host() {
  local now
  # shellcheck disable=SC2016 # the back quotes are JMESPath's
  now=$(az resource show --ids "$1" --query '[[identity.type], keys(identity.userAssignedIdentities || `{}`)][]' --output tsv)
  kind=$(head -n 1 <<<"$now")
  ids=$(tail -n +2 <<<"$now")
}

# attach HOST IDENTITY: add it to the identities that the host has, none of which is lost.
attach() {
  local kind ids id before listed=
  [ "$skip" = no ] || return 0
  read_host "$1"
  before=$ids
  if has -ix "$2" "$ids"; then
    say "  present: $2 on $1"
    return
  fi
  case ${1,,} in
    */microsoft.compute/virtualmachines/* | */microsoft.compute/virtualmachinescalesets/*)
      # Code that names no identity gets the only one, and is refused when there are two.
      if [ "$second" = no ] && [[ $kind != *SystemAssigned* ]] && [ -n "$ids" ] && [ "$(wc -l <<<"$ids")" = 1 ]; then
        leave "$1 has one identity, which code gets that names none: let it name its own, then use --second-identity"
        return
      fi
      ;;
    */microsoft.web/sites/* | */microsoft.app/containerapps/* | */microsoft.app/jobs/*) ;;
    *)
      leave "attach $2 where $1 is deployed: its kind takes no change that keeps the others"
      return
      ;;
  esac
  if [ "$apply" = no ]; then
    say "  would attach: $2 to $1"
    return
  fi
  case $kind in
    *SystemAssigned*) kind='SystemAssigned, UserAssigned' ;;
    *) kind=UserAssigned ;;
  esac
  while IFS= read -r id; do
    [[ $id =~ ^[A-Za-z0-9/._()-]*$ ]] || fail "an identity of $1 has a name that is none: $id"
    [ -z "$id" ] || listed+="\"$id\":{},"
  done <<<"$ids"
  az resource patch --ids "$1" --is-full-object --output none \
    --properties "{\"identity\":{\"type\":\"$kind\",\"userAssignedIdentities\":{$listed\"$2\":{}}}}"
  read_host "$1"
  while IFS= read -r id; do
    [ -z "$id" ] || has -ix "$id" "$ids" || fail "$1 has not the identity $id any more: attach it again if it is needed"
  done <<<"$before"$'\n'"$2"
  say "  attached: $2 to $1"
}

# credentials APPLICATION: name, issuer, subject and audience of each federated credential, by tabs.
credentials() {
  az rest --method get --url "$graph/v1.0/applications/$1/federatedIdentityCredentials" --output tsv \
    --query "value[].[name, issuer, subject, join(',', audiences)]"
}

# federate APPLICATION NAME ISSUER SUBJECT AUDIENCE BODY: create it where it is missing, and read until it stays.
federate() {
  local rows seen=0 wanted="$3"$'\t'"$4"$'\t'"$5"
  [ "$skip" = no ] || return 0
  if [ -z "$4" ]; then
    say "  would create: federated credential $2"
    return
  fi
  rows=$(credentials "$1")
  if has -x "$wanted" "$(cut -f 2- <<<"$rows")"; then
    say "  present: federated credential of $4"
    return
  fi
  if has -x "$2" "$(cut -f 1 <<<"$rows")" || has -x "$3"$'\t'"$4" "$(cut -f 2,3 <<<"$rows")"; then
    leave "a federated credential has the name $2 or the subject $4, but another content: remove it first"
    return
  fi
  if [ "$apply" = no ]; then
    say "  would create: federated credential $2"
    return
  fi
  az rest --method post --url "$graph/v1.0/applications/$1/federatedIdentityCredentials" --output none \
    --headers Content-Type=application/json --body "$6"
  for _ in {1..40}; do
    rows=$(credentials "$1")
    if has -x "$wanted" "$(cut -f 2- <<<"$rows")"; then seen=$((seen + 1)); else seen=0; fi
    if [ "$seen" -ge 3 ]; then
      say "  created: federated credential $2"
      return
    fi
    sleep "$((seen > 0 ? 0 : 3))"
  done
  fail "the federated credential $2 was created but does not show up: run this again later"
}
