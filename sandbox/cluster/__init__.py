"""A Kubernetes of one node: etcd, the control plane, containerd and a kubelet, as processes of this machine."""
