"""What runs on the one node: containerd, the kubelet, and what they leave on the machine."""
