"""What gunicorn is told wherever it is started from this directory."""

import gc
import os
import shutil
import sys
import tempfile
from threading import Thread
from typing import Any

# TRUSTED_PROXIES decides who is believed about https. gunicorn's own rule believes whoever is on
# this machine, and everybody behind a Unix socket.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
# Its place would be the user's home, shared by every gunicorn of that user; nobody uses it.
control_socket_disable = True


def _is_measured() -> bool:
    is_web = os.environ.get("PORTAL_PROCESS", "web") == "web"
    return is_web and bool(int(os.environ.get("METRICS_PORT") or 0))


def on_starting(server: Any) -> None:
    """Load the application before anybody can connect; workers begin as copies of this process.

    gunicorn's own order is to listen first: a proxy then sends requests to a server that answers
    only when its workers have loaded. Its `preload_app` comes before this function, in which web
    is told where its workers add up what they count.
    """
    if _is_measured():
        # At the server, which outlives a reload; the environment may name a place of another's.
        server.metrics_place = tempfile.mkdtemp(prefix="portal-metrics-")
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = server.metrics_place
    server.app.wsgi()
    # The collector would write to every object that it looks at, and so copy the shared pages.
    gc.collect()
    gc.freeze()


def post_worker_init(worker: Any) -> None:
    """Begin threads, which no fork would have copied: each worker of web answers Prometheus.

    The first one records the settings, while the pages are answered already.
    """
    if "certportal.wsgi" in sys.modules and worker.age == 1:
        from certportal.operations import settings_in_use

        Thread(target=settings_in_use.record_at_start, daemon=True).start()
    if _is_measured():
        from certportal.operations.metrics import answers

        answers.serve()


def on_exit(server: Any) -> None:
    """Remove that place."""
    if place := getattr(server, "metrics_place", None):
        shutil.rmtree(place, ignore_errors=True)
