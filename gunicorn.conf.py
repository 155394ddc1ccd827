"""gunicorn's configuration, which it reads when it is started from this directory."""

import gc
import os
import secrets
import shutil
import sys
import tempfile
from itertools import count
from threading import Thread
from typing import Any

# The service itself decides by TRUSTED_PROXIES whose X-Forwarded headers it trusts. gunicorn would
# trust every peer on this machine, and every peer on a Unix socket.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
# Unused; it would be in the user's home, shared by every gunicorn of that user.
control_socket_disable = True

# Servers on one machine begin at different processors, by chance; workers of one have one each.
_FIRST = secrets.randbelow(1024)


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


def pre_fork(server: Any, worker: Any) -> None:
    """Give the worker the first place that no living one has."""
    taken = {other.place for other in server.WORKERS.values()}
    worker.place = next(place for place in count() if place not in taken)


def post_worker_init(worker: Any) -> None:
    """Start threads in the worker, since threads are not copied by a fork.

    Each worker of web serves metrics; the first one records the settings, in a thread so that it
    does not delay pages.
    """
    if "certportal.wsgi_front" in sys.modules:
        _keep_to_one_processor(worker)
    if "certportal.wsgi" in sys.modules and worker.age == 1:
        from certportal.operations import settings_in_use

        Thread(target=settings_in_use.record_at_start, daemon=True).start()
    if _is_measured():
        from certportal.operations.metrics import answers

        answers.serve()


def _keep_to_one_processor(worker: Any) -> None:
    """Let the threads of a worker of `front` run on one processor.

    They hand the interpreter's lock to each other at each request, and only one of them can run. On
    two processors each hand-over wakes the other one, which takes longer than an answer itself.
    """
    try:
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {processors[(_FIRST + worker.place) % len(processors)]})
    except OSError as error:  # some sandboxes refuse it: front answers all the same
        worker.log.warning("not kept to one processor: %s", error)


def on_exit(server: Any) -> None:
    """Remove the directory of the metrics."""
    if place := getattr(server, "metrics_place", None):
        shutil.rmtree(place, ignore_errors=True)
