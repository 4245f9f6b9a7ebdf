# shellcheck shell=bash
# shellcheck disable=SC2154  # the settings are those of hack/cluster, which sources this
# The node is a network namespace, joined to the host by a veth pair.

network_up() {
  [ -e "/run/netns/$netns" ] || make_network
  ip link set "$netns-host" up
}

make_network() {
  [ ${#netns} -le 10 ] || fail "CHURNOPS_CLUSTER_NETNS is too long for an interface name (10 characters): $netns"
  local range device
  for range in "$node_net.0/24" "$pods" "$services"; do
    device=$(ip -4 route show root "$range" | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
    [ -z "$device" ] || fail "this machine routes $range to $device already" \
      "choose other addresses: CHURNOPS_CLUSTER_NODE_NET=10.79.0 CHURNOPS_CLUSTER_POD_NET=10.78 CHURNOPS_CLUSTER_SERVICE_NET=10.76 hack/cluster up"
  done
  ip netns add "$netns"
  ip link add "$netns-host" type veth peer name churn-node netns "$netns"
  ip addr add "$host_ip/24" dev "$netns-host"
  ip link set "$netns-host" up
  ip -n "$netns" link set lo up
  ip -n "$netns" addr add "$node_ip/24" dev churn-node
  ip -n "$netns" link set churn-node up
  # To nobody: Service addresses need some route before kube-proxy can rewrite them, and nothing may leave.
  ip -n "$netns" route add default via "$node_net.254"
  ip route add "$pods" via "$node_ip"
  ip route add "$services" via "$node_ip"
  inside sysctl -qw net.ipv4.ip_forward=1
  # kubelet, containerd and the watchers in pods: 128 are used up soon. Containers may forbid to set it.
  sysctl -qw fs.inotify.max_user_instances=1024 2>/dev/null || true
}

network_down() {
  ip netns del "$netns" 2>/dev/null || true
  ip link del "$netns-host" 2>/dev/null || true
}
