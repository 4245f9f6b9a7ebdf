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
  [ $# -gt 0 ] || fail "which image?" "hack/images prints ours"
  local image id
  for image in "$@"; do
    id=$(buildah images --format '{{.ID}}' "$image" 2>/dev/null | head -n 1) || true
    [ -n "$id" ] || fail "there is no image $image in the buildah store" "build ours: hack/images"
    # Loaded before and not built anew.
    if containers images ls -q "name==$image" | grep -q . && grep -qx "$image $id" "$home/loaded" 2>/dev/null; then continue; fi
    import_image "$image"
    { grep -v "^$image " "$home/loaded" 2>/dev/null || true; echo "$image $id"; } >"$home/loaded.new"
    mv "$home/loaded.new" "$home/loaded"
    [ "$image" = localhost/pause:1 ] || say "loaded $image"
  done
}

# Only what the node lacks: images share a base of 250 MB, a changed program has 4. The layout on disk keeps the layers that buildah
# would otherwise pack again, and the archive names the image but holds no layer that containerd has.
import_image() {
  local image=$1 layout=$home/images digest manifest size blob present blobs=()
  mkdir -p "$layout"
  buildah --signature-policy "$(signature_policy)" push -q --disable-compression --digestfile "$home/digest" "$image" "oci:$layout:$image" >/dev/null ||
    fail "cannot read $image from the buildah store" "is the disk full? df -h $home"
  digest=$(cat "$home/digest")
  manifest=$layout/blobs/sha256/${digest#sha256:}
  size=$(stat -c %s "$manifest")
  present=$(containers content ls -q)
  for blob in $digest $(grep -o '"digest":"sha256:[0-9a-f]*' "$manifest" | cut -d\" -f4); do
    grep -qx "$blob" <<<"$present" || blobs+=("blobs/sha256/${blob#sha256:}")
  done
  mkdir -p "$home/import"
  echo '{"imageLayoutVersion": "1.0.0"}' >"$home/import/oci-layout"
  cat >"$home/import/index.json" <<K
{"schemaVersion": 2, "manifests": [{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "$digest", "size": $size,
  "annotations": {"io.containerd.image.name": "$image", "org.opencontainers.image.ref.name": "$image"}}]}
K
  tar -cf - -C "$layout" "${blobs[@]}" -C "$home/import" oci-layout index.json | containers images import - >/dev/null ||
    fail "containerd does not take $image" "its log: $home/logs/containerd.log"
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

container_pid() { # NAMESPACE POD CONTAINER
  [ $# = 3 ] || fail "hack/cluster pid needs NAMESPACE POD CONTAINER"
  local id pid
  while read -r id; do
    pid=$(containers tasks ls | sed -n "s/^$id *\\([0-9]*\\) *RUNNING$/\\1/p")
    [ -z "$pid" ] || { echo "$pid"; return; }
  done < <(containers containers ls -q "labels.\"io.kubernetes.pod.namespace\"==\"$1\",labels.\"io.kubernetes.pod.name\"==\"$2\",labels.\"io.kubernetes.container.name\"==\"$3\"")
  fail "no running container $3 in pod $1/$2"
}
