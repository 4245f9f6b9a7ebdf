# shellcheck shell=bash
# shellcheck disable=SC2154  # the settings are those of hack/cluster, which sources this
# A certificate authority, a certificate per component, and a kubeconfig for each that is a client. Made once, kept over `down`.

certificates() {
  local pki=$home/pki made
  # The addresses are in the API server's certificate; a day is left for a long test.
  if [ -f "$pki/complete" ] && [ "$(cat "$pki/complete")" = "$node_ip $services" ] && openssl x509 -in "$pki/ca.crt" -noout -checkend 86400 >/dev/null; then return; fi
  rm -rf "${pki:?}"
  install -d -m 700 "$pki"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -keyout "$pki/ca.key" -out "$pki/ca.crt" -subj /CN=churnops-cluster-ca 2>/dev/null
  openssl ecparam -name prime256v1 -genkey -noout -out "$pki/sa.key"
  openssl ec -in "$pki/sa.key" -pubout -out "$pki/sa.pub" 2>/dev/null

  sign apiserver /CN=kube-apiserver "subjectAltName=DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:localhost,IP:$service_net.0.1,IP:$node_ip,IP:127.0.0.1"
  sign kubelet /O=system:nodes/CN=system:node:node1 "subjectAltName=DNS:node1,IP:$node_ip"
  sign admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth
  sign kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client extendedKeyUsage=clientAuth
  sign controller-manager /CN=system:kube-controller-manager extendedKeyUsage=clientAuth
  sign scheduler /CN=system:kube-scheduler extendedKeyUsage=clientAuth
  sign proxy /CN=system:kube-proxy extendedKeyUsage=clientAuth
  # What we add to a plain Kubernetes: DNS, volumes, metrics. The audit log leaves out this user.
  sign addons /O=system:masters/CN=churnops-cluster-addons extendedKeyUsage=clientAuth
  sign front-proxy /CN=front-proxy-client extendedKeyUsage=clientAuth

  for made in admin controller-manager scheduler proxy addons kubelet; do
    cat >"$home/$made.kubeconfig" <<K
apiVersion: v1
kind: Config
clusters: [{name: churnops, cluster: {server: "https://$node_ip:6443", certificate-authority-data: $(base64 -w0 "$pki/ca.crt")}}]
users: [{name: $made, user: {client-certificate-data: $(base64 -w0 "$pki/$made.crt"), client-key-data: $(base64 -w0 "$pki/$made.key")}}]
contexts: [{name: churnops, context: {cluster: churnops, user: $made}}]
current-context: churnops
K
    chmod 600 "$home/$made.kubeconfig"
  done
  echo "$node_ip $services" >"$pki/complete"
}

sign() { # NAME SUBJECT EXTENSION
  local pki=$home/pki
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$pki/$1.key" -out "$pki/$1.csr" -subj "$2" 2>/dev/null
  openssl x509 -req -in "$pki/$1.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -CAcreateserial -days 365 -out "$pki/$1.crt" -extfile <(echo "$3") 2>/dev/null
}
