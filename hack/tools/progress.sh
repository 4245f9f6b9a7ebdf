# shellcheck shell=bash
# Progress for people: sourced by the commands in hack/. Standard output stays free for what a command answers.

# Where everything is kept that can be made again: tools, images, the cluster.
export CHURNOPS_CACHE=${CHURNOPS_CACHE:-$HOME/.cache/churnops}

# A command started by another one goes on with its clock.
export CHURNOPS_STARTED_AT=${CHURNOPS_STARTED_AT:-$(date +%s)}

elapsed() {
  local seconds=$(($(date +%s) - CHURNOPS_STARTED_AT))
  printf '%d:%02d' $((seconds / 60)) $((seconds % 60))
}

say() { echo "[$(elapsed)] $*" >&2; }

# fail MESSAGE [WHAT TO DO NEXT...]: one line per argument.
fail() {
  echo "[$(elapsed)] error: $1" >&2
  shift
  local line
  for line in "$@"; do echo "        $line" >&2; done
  exit 1
}

# end_group ID: ends all processes of a group, and waits until they are gone.
end_group() {
  local tenths
  kill -TERM -- "-$1" 2>/dev/null || return 0
  kill -CONT -- "-$1" 2>/dev/null || true # one that is stopped would not hear it
  for ((tenths = 0; tenths < 50; tenths++)); do
    kill -0 -- "-$1" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL -- "-$1" 2>/dev/null || true
}

# with_heartbeat TEXT LOG CMD...: runs a long command silently into LOG, says every 30 s that it is alive,
# and shows the end of LOG when it failed. A signal ends the command with all that it started.
with_heartbeat() {
  local text=$1 log=$2 worker status=0 tenths=0
  shift 2
  mkdir -p "$(dirname "$log")"
  # In a process group of its own: where it is a function, its children would outlive it. Without our lock (always 9): one that
  # outlives us all the same must not hold it.
  set -m
  "$@" >"$log" 2>&1 </dev/null 9>&- &
  worker=$!
  set +m
  # shellcheck disable=SC2064  # the worker of this call
  {
    trap "end_group $worker; exit 129" HUP
    trap "end_group $worker; exit 130" INT
    trap "end_group $worker; exit 143" TERM
  }
  while kill -0 "$worker" 2>/dev/null; do
    sleep 0.2
    tenths=$((tenths + 2))
    [ $((tenths % 300)) -ne 0 ] || say "  ... $text"
  done
  wait "$worker" || status=$?
  trap - HUP INT TERM
  [ "$status" -ne 0 ] || return 0
  tail -n 20 "$log" >&2
  fail "$text: exit $status" "the whole log: $log"
}

# install_packages PACKAGE...: the Debian packages that are missing.
install_packages() {
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || fail "these Debian packages are missing: ${missing[*]}" "as root: apt-get install --no-install-recommends ${missing[*]}"
  say "installing Debian packages: ${missing[*]}"
  # A package list that was never fetched, or has grown old, is the usual cause of a first failure.
  # shellcheck disable=SC2317  # called by with_heartbeat
  install_now() {
    # No daemon may start: we run our own containerd.
    env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends "${missing[@]}" ||
      { apt-get update && env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends "${missing[@]}"; }
  }
  with_heartbeat "installing packages" "$CHURNOPS_CACHE/logs/apt.log" install_now
}
