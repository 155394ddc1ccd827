"""The port on which Prometheus asks: on this machine alone unless told otherwise."""

import socket
import sys
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


CANNOT_LISTEN = (OSError, OverflowError, ImproperlyConfigured)
"""What `listen` raises: a port that is taken, one that is none, an address that is not ours."""


class Server(ThreadingWSGIServer):
    """Alone at its port, and tells nobody who asked."""

    allow_reuse_port = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Log the error's type; of a peer that was silent or went away nothing."""
        error = sys.exception()
        if not isinstance(error, OSError):
            log.warning("metrics_not_told", error=type(error).__name__)


class SharedServer(Server):
    """Several processes may listen at its port: any of web's answers for all of them."""

    allow_reuse_port = True


class _Quiet(WSGIRequestHandler):
    """Gives up a connection on which nothing comes; logs nothing."""

    timeout = 5

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def listen(registry: Collector, kind: type[Server] = Server) -> Server:
    """Return a server that answers any path with the registry's metrics.

    Raises what `CANNOT_LISTEN` holds.
    """
    server = kind((own_address(settings.METRICS_ADDRESS), settings.METRICS_PORT), _Quiet)
    server.set_app(make_wsgi_app(registry))
    return server


def serve_beside(registry: Collector) -> None:
    """Serve in a thread. A port that cannot be had is logged: pages do not depend on it."""
    try:
        server = listen(registry, SharedServer)
    except CANNOT_LISTEN as error:
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
