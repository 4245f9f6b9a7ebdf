# shellcheck shell=bash
# Base images without an image registry: Debian packages, and the Node.js that npm brings. Sourced by hack/images.
# Each is built once per version of what is in it; its reference goes to standard output.

base_node() {
  local node version image
  # shellcheck disable=SC2154  # of hack/images
  node=$root/node_modules/node/bin/node
  [ -x "$node" ] || fail "node_modules is not installed" "run: npm ci"
  version=$("$node" --version)
  image=localhost/node:${version#v}-bookworm
  if ! has_image "$image"; then
    say "base image $image (about 30 s)"
    from_debian "$image" "$node:/usr/local/bin/node" ca-certificates libstdc++6
    builder tag "$image" localhost/node:24
  fi
  echo "$image"
}

base_python() {
  local image=localhost/python:3.11-bookworm
  if ! has_image "$image"; then
    say "base image $image (about 1 min)"
    from_debian "$image" "" ca-certificates libstdc++6 libgomp1 python3 python3-pip python3-venv
    builder tag "$image" localhost/python:3.11
  fi
  echo "$image"
}

# from_debian IMAGE [FILE:PLACE] PACKAGE...
from_debian() {
  local image=$1 extra=$2 container folder
  shift 2
  install_packages mmdebstrap
  folder=$(mktemp -d "$CHURNOPS_CACHE/rootfs.XXXXXX")
  # shellcheck disable=SC2064  # this folder
  trap "rm -rf '$folder'" EXIT
  with_heartbeat "collecting Debian packages" "$CHURNOPS_CACHE/logs/mmdebstrap.log" debian_rootfs "$folder/rootfs.tar" "$@"
  container=$(builder from scratch)
  builder add -q "$container" "$folder/rootfs.tar" / >/dev/null
  [ -z "$extra" ] || builder copy -q --chmod 0755 "$container" "${extra%%:*}" "${extra#*:}" >/dev/null
  builder commit -q "$container" "$image" >/dev/null
  builder rm "$container" >/dev/null
  rm -rf "$folder"
  trap - EXIT
}

debian_rootfs() { # TARGET PACKAGE...
  local target=$1 sources
  shift
  # From where this machine gets its own packages.
  # shellcheck disable=SC2016  # placeholders of apt
  sources=$(apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' | grep -E ' bookworm(-updates|-security)? main$' | sort -u)
  mmdebstrap --variant=minbase --include="$(IFS=,; echo "$*")" \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    bookworm "$target" ${sources:+-} <<<"$sources"
}
