# shellcheck shell=bash
# shellcheck disable=SC2154  # the settings are those of hack/cluster, which sources this
# A pool of volumes that bind at once: folders of this machine, owned by the user our pods run as.
# (kube-controller-manager's own host-path provisioner makes folders that only root can write.)

volume_count=16

storage() {
  local i folder
  {
    cat <<K
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: local, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: Immediate
K
    for ((i = 1; i <= volume_count; i++)); do
      folder=$home/volumes/$i
      [ -d "$folder" ] || install -d -m 770 -o 65532 -g 65532 "$folder"
      cat <<K
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: local-$i}
spec:
  storageClassName: local
  capacity: {storage: 10Gi}
  accessModes: [ReadWriteOnce, ReadWriteMany, ReadOnlyMany]
  persistentVolumeReclaimPolicy: Retain
  hostPath: {path: $folder, type: Directory}
K
    done
  } | kubectl --kubeconfig "$home/addons.kubeconfig" apply --server-side --field-manager=hack-cluster -f - >/dev/null
}
