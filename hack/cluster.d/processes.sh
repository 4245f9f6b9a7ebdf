# shellcheck shell=bash
# shellcheck disable=SC2154  # the settings are those of hack/cluster, which sources this
# Components as processes. A pid counts only together with its start time: after a reboot the number may be someone else's.

# In the node's network. Not by `ip netns exec`: that hides /sys/fs/cgroup.
inside() { nsenter --net="/run/netns/$netns" "$@"; }

started_at() { # PID: clock ticks since boot; field 22, counted after the name, which may hold spaces
  sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20
}
pid_of() { cut -d' ' -f1 "$home/pids/$1"; }
is_alive() { # COMPONENT
  local pid since
  [ -f "$home/pids/$1" ] || return 1
  read -r pid since <"$home/pids/$1"
  [ -n "$pid" ] && [ "$(started_at "$pid")" = "$since" ] && ! is_zombie "$pid"
}
is_zombie() { # PID: dead, but nobody has asked for its end. While other threads of it die, it still holds its ports
  local threads=(/proc/"$1"/task/*)
  [ "$(cut -d' ' -f3 <(sed 's/(.*)/x/' "/proc/$1/stat" 2>/dev/null))" = Z ] && [ ${#threads[@]} -le 1 ]
}

# launch COMPONENT CMD...: in the background, in a session of its own, so that it outlives this terminal.
launch() {
  local component=$1 pid
  shift
  (cd "$home" && exec nsenter --net="/run/netns/$netns" setsid "$@") >>"$home/logs/$component.log" 2>&1 </dev/null 9>&- &
  pid=$!
  echo "$pid $(started_at "$pid")" >"$home/pids/$component"
}

wait_for() { # SECONDS WHAT COMPONENT CMD...: until CMD succeeds
  local deadline=$((SECONDS + $1)) what=$2 component=$3
  shift 3
  until "$@" >/dev/null 2>&1; do
    if ! is_alive "$component"; then
      tail -n 5 "$home/logs/$component.log" >&2
      fail "$component ended at once" "its log: $home/logs/$component.log"
    fi
    [ $SECONDS -lt $deadline ] || fail "$what did not become ready" "its log: $home/logs/$component.log" "then: hack/cluster up, or start afresh: hack/cluster down && hack/cluster up"
    sleep 0.1
  done
}

start_component() { # COMPONENT: and wait until it answers; nothing when it runs
  is_alive "$1" || "start_${1//-/_}"
  wait_for 60 "$1" "$1" "answers_${1//-/_}"
}
stop_component() { # COMPONENT: politely; the API server waits for open watches, so politeness ends
  is_alive "$1" || { rm -f "$home/pids/$1"; return 0; }
  local pid tenths
  pid=$(pid_of "$1")
  kill "$pid" 2>/dev/null || true
  for ((tenths = 0; tenths < 30; tenths++)); do
    is_alive "$1" || break
    sleep 0.1
  done
  is_alive "$1" && kill_component "$1"
  rm -f "$home/pids/$1"
}
kill_component() {
  is_alive "$1" || fail "$1 does not run"
  local pid
  pid=$(pid_of "$1")
  kill -KILL "$pid"
  while is_alive "$1"; do sleep 0.05; done
}
