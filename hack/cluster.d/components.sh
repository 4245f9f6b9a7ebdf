# shellcheck shell=bash
# shellcheck disable=SC2154  # the settings are those of hack/cluster, which sources this
# Every component: how it starts, and how one sees that it answers.

components() { # in the order of their start
  local wanted=
  [ ! -f "$home/metrics.wanted" ] || wanted=" metrics"
  [ ! -f "$home/kwok.wanted" ] || wanted="$wanted kwok"
  echo "etcd apiserver controller-manager scheduler containerd kubelet proxy dns volumes$wanted"
}

# answers_at ADDRESS PORT
answers_at() { inside timeout 1 bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null; }

start_etcd() { # no fsync: a trial cluster need not outlive a power cut, and disks of virtual machines are slow at it
  launch etcd "$etcd_bin/etcd" --data-dir "$home/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
}
answers_etcd() { answers_at 127.0.0.1 2379; }

start_apiserver() {
  local pki=$home/pki
  launch apiserver "$kubernetes_bin/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 \
    --bind-address="$node_ip" --secure-port=6443 --advertise-address="$node_ip" --service-cluster-ip-range="$services" \
    --allow-privileged=true --profiling=false --authorization-mode=Node,RBAC \
    --enable-admission-plugins=OwnerReferencesPermissionEnforcement \
    --audit-policy-file="$here/cluster.d/audit-policy.yaml" --audit-log-path="$audit_log" --audit-log-maxsize=200 --audit-log-maxbackup=2 \
    --client-ca-file="$pki/ca.crt" --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$pki/sa.pub" --service-account-signing-key-file="$pki/sa.key" \
    --kubelet-preferred-address-types=InternalIP --kubelet-certificate-authority="$pki/ca.crt" \
    --kubelet-client-certificate="$pki/kubelet-client.crt" --kubelet-client-key="$pki/kubelet-client.key" \
    --requestheader-client-ca-file="$pki/ca.crt" --requestheader-allowed-names=front-proxy-client \
    --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group --requestheader-extra-headers-prefix=X-Remote-Extra- \
    --proxy-client-cert-file="$pki/front-proxy.crt" --proxy-client-key-file="$pki/front-proxy.key"
}
answers_apiserver() { kubectl --request-timeout=3s get --raw /readyz; }

# Here and at the scheduler: its default of 20 requests a second is for clusters that many share; a thousand models of a test need 10,000.
start_controller_manager() {
  local pki=$home/pki
  launch controller-manager "$kubernetes_bin/kube-controller-manager" --kubeconfig="$home/controller-manager.kubeconfig" \
    --root-ca-file="$pki/ca.crt" --service-account-private-key-file="$pki/sa.key" --use-service-account-credentials=true \
    --cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key" --leader-elect=false --bind-address=127.0.0.1 \
    '--controllers=*,-nodeipam' --kube-api-qps=300 --kube-api-burst=600 \
    --concurrent-deployment-syncs=10 --concurrent-replicaset-syncs=10 --concurrent-job-syncs=10 --concurrent-endpoint-syncs=10 --concurrent-service-endpoint-syncs=10
}
answers_controller_manager() { answers_at 127.0.0.1 10257; }

start_scheduler() {
  cat >"$home/scheduler.yaml" <<K
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
leaderElection: {leaderElect: false}
clientConnection: {kubeconfig: $home/scheduler.kubeconfig, qps: 300, burst: 600}
K
  launch scheduler "$kubernetes_bin/kube-scheduler" --config="$home/scheduler.yaml" --bind-address=127.0.0.1
}
answers_scheduler() { answers_at 127.0.0.1 10259; }

start_containerd() {
  cat >"$home/cni/10-churnops.conflist" <<K
{"cniVersion": "1.0.0", "name": "churnops", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true, "ipMasq": false,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "$pods"}]], "routes": [{"dst": "0.0.0.0/0"}], "dataDir": "$home/cni-data"}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
K
  # restrict_oom_score_adj: without CAP_SYS_RESOURCE (CI runners, nested machines) no pod would start.
  # hugetlb: cgroup v1 hosts often lack it. netns_mounts_under_state_dir: `down` unmounts what is under our folder, no more.
  cat >"$home/containerd.toml" <<K
version = 2
root = "$home/containerd"
state = "$home/containerd-state"
oom_score = 0
[grpc]
  address = "$home/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  disable_hugetlb_controller = true
  tolerate_missing_hugetlb_controller = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$home/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
K
  local logged=0
  [ ! -f "$home/logs/containerd.log" ] || logged=$(stat -c %s "$home/logs/containerd.log")
  launch containerd containerd --config "$home/containerd.toml"
  wait_for 30 containerd containerd answers_containerd
  # Its first answer comes before its CRI plugin has looked through what was there: a kubelet that asks then ends at once.
  wait_for 30 "containerd's CRI plugin" containerd serves_cri "$logged"
  load_pause_image
}
answers_containerd() { containers version; }
# serves_cri BYTES: whether its log says so, after the first BYTES; there is no other client of CRI than the kubelet here.
serves_cri() { tail -c "+$(($1 + 1))" "$home/logs/containerd.log" | grep -q 'Start streaming server'; }

start_kubelet() {
  local hierarchy
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p "/sys/fs/cgroup/$netns"
  else
    for hierarchy in /sys/fs/cgroup/*/; do
      # Links (cpu,cpuacct) and what is mounted read-only do not count.
      [ -L "${hierarchy%/}" ] || mkdir -p "$hierarchy$netns" 2>/dev/null || true
    done
  fi
  : >"$home/resolv.conf"   # names outside the cluster do not resolve
  cat >"$home/kubelet.yaml" <<K
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false            # cgroup v1 hosts; no effect on v2
cgroupDriver: cgroupfs
cgroupRoot: /$netns            # a kubelet kills what it does not know below its root: two on one machine must not share one
oomScoreAdj: 0
containerRuntimeEndpoint: unix://$home/containerd.sock
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $home/pki/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $home/pki/kubelet.crt
tlsPrivateKeyFile: $home/pki/kubelet.key
address: $node_ip
clusterDNS: [$dns_ip]
clusterDomain: cluster.local
resolvConf: $home/resolv.conf
# Small absolute values: percentages would taint the node of anyone with a well-filled disk.
evictionHard: {memory.available: 100Mi, nodefs.available: 1Gi, imagefs.available: 1Gi}
imageGCHighThresholdPercent: 100
enforceNodeAllocatable: [pods]
podLogsDir: $home/pod-logs
serializeImagePulls: false
K
  launch kubelet "$kubernetes_bin/kubelet" --config="$home/kubelet.yaml" --kubeconfig="$home/kubelet.kubeconfig" --root-dir="$home/kubelet" \
    --cert-dir="$home/kubelet-pki" --hostname-override=node1 --node-ip="$node_ip"
}
answers_kubelet() { answers_at 127.0.0.1 10248; }

start_proxy() {
  cat >"$home/proxy.yaml" <<K
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clientConnection: {kubeconfig: $home/proxy.kubeconfig}
hostnameOverride: node1
clusterCIDR: $pods
oomScoreAdj: 0
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
metricsBindAddress: 127.0.0.1:10249
healthzBindAddress: 127.0.0.1:10256
K
  launch proxy "$kubernetes_bin/kube-proxy" --config="$home/proxy.yaml"
}
answers_proxy() { answers_at 127.0.0.1 10256; }

# A process of the node behind a Service: no pod, no image.
host_service() { # NAME ADDRESS PORTS, as the body of a Service and of an EndpointSlice
  kubectl --kubeconfig "$home/addons.kubeconfig" apply --server-side --field-manager=hack-cluster -f - >/dev/null <<K
apiVersion: v1
kind: Service
metadata: {name: $1, namespace: kube-system}
spec: {$2 ports: [$3]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: $1-node1, namespace: kube-system, labels: {kubernetes.io/service-name: $1}}
addressType: IPv4
ports: [$4]
endpoints: [{addresses: [$node_ip], conditions: {ready: true}}]
K
}

start_dns() {
  cat >"$home/Corefile" <<K
.:53 {
  bind $node_ip
  errors
  kubernetes cluster.local {
    kubeconfig $home/addons.kubeconfig
    ttl 5
  }
}
K
  host_service kube-dns "clusterIP: $dns_ip," "{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}" \
    "{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}"
  launch dns "$coredns_bin/coredns" -conf "$home/Corefile"
}
answers_dns() { answers_at "$node_ip" 53; }

start_volumes() { launch volumes env KUBECONFIG="$home/addons.kubeconfig" PATH="$kubectl_bin:$PATH" "$here/cluster.d/recycle-volumes" "$home/volumes"; }
answers_volumes() { is_alive volumes; }

metrics() {
  exec 9>"$home/.lock"
  flock 9
  touch "$home/metrics.wanted"
  find_tools kubectl metrics-server
  start_component metrics
  say "metrics-server runs; kubectl top shows figures after about 40 s"
}
start_metrics() {
  host_service metrics-server "" "{name: https, port: 443, targetPort: 4443}" "{name: https, port: 4443, protocol: TCP}"
  kubectl --kubeconfig "$home/addons.kubeconfig" apply --server-side --field-manager=hack-cluster -f - >/dev/null <<K
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec: {group: metrics.k8s.io, version: v1beta1, groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true, service: {name: metrics-server, namespace: kube-system}}
K
  # The resolution must exceed the kubelet timeout of 10 s.
  launch metrics "$metrics_bin/metrics-server" --kubeconfig="$home/addons.kubeconfig" --authentication-kubeconfig="$home/addons.kubeconfig" \
    --authorization-kubeconfig="$home/addons.kubeconfig" --kubelet-insecure-tls --kubelet-preferred-address-types=InternalIP \
    --bind-address="$node_ip" --secure-port=4443 --cert-dir="$home/metrics-pki" --metric-resolution=15s \
    --node-selector='churnops.dev/fake-node!=true'  # nobody would answer there
}
answers_metrics() { answers_at "$node_ip" 4443; }
