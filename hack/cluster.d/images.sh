# shellcheck shell=bash
# shellcheck disable=SC2154  # the settings are those of hack/cluster, which sources this
# Images come from the local buildah store; there is no registry.

# buildah refuses to work without a signature policy; Debian's default file may be absent.
signature_policy() {
  mkdir -p "$CHURNOPS_CACHE"
  echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$CHURNOPS_CACHE/policy.json"
  echo "$CHURNOPS_CACHE/policy.json"
}

load() { # IMAGE...
  [ $# -gt 0 ] || fail "which image?" "hack/images --print lists ours"
  local image id archive
  for image in "$@"; do
    id=$(buildah images --format '{{.ID}}' "$image" 2>/dev/null | head -n 1) || true
    [ -n "$id" ] || fail "there is no image $image in the buildah store" "build ours: hack/images"
    # Loaded before and not built anew: copying hundreds of megabytes again would only cost time.
    if [ "$(containers images ls -q "name==$image" | wc -l)" = 1 ] && grep -qx "$image $id" "$home/loaded" 2>/dev/null; then continue; fi
    archive=$(mktemp -u "$home/image.XXXXXX")
    buildah --signature-policy "$(signature_policy)" push -q --disable-compression "$image" "oci-archive:$archive:$image" >/dev/null ||
      fail "cannot read $image from the buildah store" "is the disk full? df -h $home"
    containers images import "$archive" >/dev/null || { rm -f "$archive"; fail "containerd does not take $image" "its log: $home/logs/containerd.log"; }
    rm -f "$archive"
    { grep -v "^$image " "$home/loaded" 2>/dev/null || true; echo "$image $id"; } >"$home/loaded.new"
    mv "$home/loaded.new" "$home/loaded"
    [ "$image" = localhost/pause:1 ] || say "loaded $image"
  done
}

# The container that holds a pod's namespaces: one that waits.
load_pause_image() {
  if containers images ls -q name==localhost/pause:1 | grep -q .; then return; fi
  local policy container
  policy=$(signature_policy)
  printf '#include <signal.h>\n#include <unistd.h>\nstatic void end(int s) { (void)s; _exit(0); }\nint main(void) { signal(SIGINT, end); signal(SIGTERM, end); for (;;) pause(); }\n' >"$home/pause.c"
  gcc -static -Os -o "$home/pause" "$home/pause.c"
  container=$(buildah --signature-policy "$policy" from scratch)
  buildah copy -q "$container" "$home/pause" /pause >/dev/null
  buildah config --entrypoint '["/pause"]' --user 65535 "$container"
  buildah --signature-policy "$policy" commit -q "$container" localhost/pause:1 >/dev/null
  buildah rm "$container" >/dev/null
  load localhost/pause:1
}

containers_down() {
  [ -S "$home/containerd.sock" ] && answers_containerd >/dev/null 2>&1 || return 0
  local id
  for id in $(containers tasks ls -q); do containers tasks rm -f "$id" >/dev/null 2>&1 || true; done
  for id in $(containers containers ls -q); do containers containers rm "$id" >/dev/null 2>&1 || true; done
}
