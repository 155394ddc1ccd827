"""What gunicorn is told wherever it is started from this directory."""

import os
import shutil
import tempfile

# TRUSTED_PROXIES decides who is believed about https. gunicorn's own rule believes whoever is on
# this machine, and everybody behind a Unix socket.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
# Its place would be the user's home, shared by every gunicorn of that user; nobody uses it.
control_socket_disable = True


def on_starting(_server: object) -> None:
    """Make the place where the workers of web add up what they count, for a new start a new one."""
    if os.environ.get("METRICS_PORT") and os.environ.get("PORTAL_PROCESS", "web") == "web":
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="portal-metrics-")


def on_exit(_server: object) -> None:
    """Remove that place."""
    if place := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        shutil.rmtree(place, ignore_errors=True)
