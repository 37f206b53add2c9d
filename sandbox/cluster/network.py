"""The name of the one node, and the network of its pods: a bridge with no way out."""

NODE = "localhost"
"""The name of the node; the API server reaches the kubelet under it, so it has to resolve without a DNS server."""
NETWORK = "erp-sandbox"
BRIDGE = "erpsandbox0"
PODS = "10.244.0.0/24"
NODE_ADDRESS = "10.244.0.1"
"""The machine's end of the bridge: an address that it also has without any network, as a node must."""
