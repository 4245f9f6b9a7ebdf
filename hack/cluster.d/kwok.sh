# shellcheck shell=bash
# shellcheck disable=SC2154  # the settings are those of hack/cluster, which sources this
# Fake nodes: kwok plays the kubelet of nodes that do not exist. Their pods become ready, and inspections end with the report that the
# real program gives, without a process; what is measured with them is the operator and the API server, never a pod.

fake_nodes=4

kwok() {
  exec 9>"$home/.lock"
  flock 9
  touch "$home/kwok.wanted"
  find_tools kubectl kwok
  start_component kwok
  fake_node_manifests | kubectl --kubeconfig "$home/addons.kubeconfig" apply --server-side --force-conflicts --field-manager=hack-cluster -f - >/dev/null
  say "fake nodes: $fake_nodes, of label and taint churnops.dev/fake-node=true"
}

fake_node_manifests() {
  local i
  for ((i = 1; i <= fake_nodes; i++)); do
    cat <<K
---
apiVersion: v1
kind: Node
metadata:
  name: fake$i
  annotations: {kwok.x-k8s.io/node: fake}
  labels:
    churnops.dev/fake-node: "true"
    kubernetes.io/hostname: fake$i
    kubernetes.io/os: linux
    topology.kubernetes.io/zone: zone$((i % 2 + 1))
spec:
  taints: [{key: churnops.dev/fake-node, value: "true", effect: NoSchedule}]
K
  done
}

start_kwok() {
  local stage
  { for stage in "$kwok_bin"/stages/*.yaml; do echo ---; cat "$stage"; done; "$here/node" "$here/cluster.d/kwok-stages.ts"; } >"$home/kwok.yaml"
  # Under the addons' name, which the audit log leaves out. Addresses from the range for benchmarks (RFC 2544): they lead nowhere.
  launch kwok "$kwok_bin/kwok" --kubeconfig="$home/addons.kubeconfig" --config="$home/kwok.yaml" \
    --manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake --cidr=198.18.0.0/15 --node-ip=198.18.0.1 \
    --server-address=127.0.0.1:10247 --node-lease-duration-seconds=40
}
answers_kwok() { answers_at 127.0.0.1 10247; }
