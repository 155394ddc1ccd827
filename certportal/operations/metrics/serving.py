"""The port on which Prometheus asks: on this machine alone unless told otherwise."""

import socket
import threading
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network
from wsgiref.simple_server import WSGIRequestHandler

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from prometheus_client import make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer
from prometheus_client.registry import Collector

log = structlog.get_logger(__name__)


class Server(ThreadingWSGIServer):
    """Several processes may listen at its port: any of web's answers for all of them."""

    allow_reuse_port = True


class _Quiet(WSGIRequestHandler):
    """Gives up a connection on which nothing comes; logs nothing."""

    timeout = 5

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def listen(registry: Collector) -> Server:
    """Return a server that answers any path with the registry's metrics. Raises OSError."""
    server = Server((own_address(settings.METRICS_ADDRESS), settings.METRICS_PORT), _Quiet)
    server.set_app(make_wsgi_app(registry))
    return server


def serve_beside(registry: Collector) -> None:
    """Serve in a thread. A port that cannot be had is logged: pages do not depend on it."""
    try:
        server = listen(registry)
    except OSError as error:
        log.error("metrics_not_served", port=settings.METRICS_PORT, error=str(error))
        return
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


def own_address(place: str) -> str:
    """Return the place if it is one (IPv4) address, else this machine's address in the network.

    Raises ImproperlyConfigured if it has none there.
    """
    try:
        network = IPv4Network(place)
    except ValueError as error:
        raise ImproperlyConfigured(f"METRICS_ADDRESS: {error}.") from error
    if network.num_addresses == 1:
        return place
    own = ""
    with suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as asking:  # sends nothing
        asking.connect((str(network[1]), 9))
        own = str(asking.getsockname()[0])
    if not own or IPv4Address(own) not in network:
        raise ImproperlyConfigured(f"METRICS_ADDRESS: this machine has no address in {place}.")
    return own
