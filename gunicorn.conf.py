"""What gunicorn is told wherever it is started from this directory."""

import os
import shutil
import tempfile
from typing import Any

# TRUSTED_PROXIES decides who is believed about https. gunicorn's own rule believes whoever is on
# this machine, and everybody behind a Unix socket.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
# Its place would be the user's home, shared by every gunicorn of that user; nobody uses it.
control_socket_disable = True


def on_starting(server: Any) -> None:
    """Make the place where the workers of web add up what they count, for a new start a new one."""
    is_web = os.environ.get("PORTAL_PROCESS", "web") == "web"
    if is_web and int(os.environ.get("METRICS_PORT") or 0):
        # At the server, which outlives a reload; the environment may name a place of another's.
        server.metrics_place = tempfile.mkdtemp(prefix="portal-metrics-")
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = server.metrics_place


def on_exit(server: Any) -> None:
    """Remove that place."""
    if place := getattr(server, "metrics_place", None):
        shutil.rmtree(place, ignore_errors=True)
