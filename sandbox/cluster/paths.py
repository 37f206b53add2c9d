"""Where the cluster keeps what it makes; all of it below the state folder of the sandbox."""

from sandbox.paths import STATE

HOME = STATE / "cluster"
PKI = HOME / "pki"
API_CERTIFICATES = PKI / "api" / "apiserver.crt"
"""What the API server shows, made by itself: its certificate, then the authority that signed it."""
KUBELET_CLIENT = PKI / "kubelet-client.crt"
"""What the API server shows to the kubelet when somebody reads the log of a pod."""
VOLUME_PLUGINS = HOME / "volume-plugins"
"""Empty; without it two programs would make the folder below /usr."""
MACHINE_BEFORE = HOME / "machine-before.json"
"""How the machine was before the first pod."""
