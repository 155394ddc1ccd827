"""Web's answers, counted by view: never by path, which holds order numbers and tokens."""

import os
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from certportal.operations.metrics import serving

METHODS = ("GET", "HEAD", "POST")

ANSWERS = Counter(
    "certportal_answers",
    "Answers of web, by view, method and class of status.",
    ["view", "method", "status"],
)
SECONDS = Histogram(
    "certportal_answer_seconds",
    "Time from a request to its answer, by view.",
    ["view"],
    buckets=(0.03, 0.1, 0.3, 1, 3, 10),
)


class Counted:
    """Middleware that counts and times each answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        response = self.get_response(request)
        view = request.resolver_match.view_name if request.resolver_match else "none"
        method = request.method if request.method in METHODS else "other"
        ANSWERS.labels(view, method, f"{response.status_code // 100}xx").inc()
        SECONDS.labels(view).observe(time.perf_counter() - begun)
        return response


def registry() -> Collector:
    """Return the counts of all processes of this web server.

    They share a directory that gunicorn.conf.py creates; without it, the counts of this process.
    """
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    combined = CollectorRegistry()
    MultiProcessCollector(combined)  # type: ignore[no-untyped-call]
    return combined


def serve() -> None:
    """Serve the counts in a thread of this web process."""
    serving.serve_beside(registry())
