"""gunicorn's configuration, which it reads when it is started from this directory."""

import gc
import os
import shutil
import sys
import tempfile
from threading import Thread
from typing import Any

# The service itself decides by TRUSTED_PROXIES whose X-Forwarded headers it trusts. gunicorn would
# trust every peer on this machine, and every peer on a Unix socket.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
# Unused; it would be in the user's home, shared by every gunicorn of that user.
control_socket_disable = True


def _is_measured() -> bool:
    is_web = os.environ.get("PORTAL_PROCESS", "web") == "web"
    return is_web and bool(int(os.environ.get("METRICS_PORT") or 0))


def on_starting(server: Any) -> None:
    """Load the application before gunicorn listens; workers are forked from this process.

    By default gunicorn listens first, and a proxy sends requests to a server that answers only when
    its workers have loaded. `preload_app` would load before this hook, in which the directory for
    the workers' shared metrics must be set first.
    """
    if _is_measured():
        # Kept on the server object, which survives a reload, and not read from the environment,
        # which may name another server's directory.
        server.metrics_place = tempfile.mkdtemp(prefix="portal-metrics-")
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = server.metrics_place
    server.app.wsgi()
    # The garbage collector writes to the objects that it examines, which would copy shared pages.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)  # by default a request sets it off some ten times


def post_worker_init(worker: Any) -> None:
    """Start threads in the worker, since threads are not copied by a fork.

    Each worker of web serves metrics; the first one records the settings, in a thread so that it
    does not delay pages.
    """
    if "certportal.wsgi" in sys.modules and worker.age == 1:
        from certportal.operations import settings_in_use

        Thread(target=settings_in_use.record_at_start, daemon=True).start()
    if _is_measured():
        from certportal.operations.metrics import answers

        answers.serve()


def on_exit(server: Any) -> None:
    """Remove the directory of the metrics."""
    if place := getattr(server, "metrics_place", None):
        shutil.rmtree(place, ignore_errors=True)
