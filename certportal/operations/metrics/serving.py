"""The HTTP port for Prometheus: on 127.0.0.1 unless METRICS_ADDRESS says otherwise."""

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
"""What `listen` raises: the port is in use or out of range, the address is not this machine's."""


class Server(ThreadingWSGIServer):
    """An HTTP server that shares its port with no other process and logs no requests."""

    allow_reuse_port = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Log the error's type, except for connections that the client broke off."""
        error = sys.exception()
        if not isinstance(error, OSError):
            log.warning("metrics_not_told", error=type(error).__name__)


class SharedServer(Server):
    """Several processes may listen on its port: any process of web answers for all of them."""

    allow_reuse_port = True


class _Quiet(WSGIRequestHandler):
    """Closes a connection after 5 s without data; logs nothing."""

    timeout = 5

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


def listen(registry: Collector, kind: type[Server] = Server) -> Server:
    """Return a server that answers any path with the registry's metrics.

    Raises one of `CANNOT_LISTEN`.
    """
    server = kind((own_address(settings.METRICS_ADDRESS), settings.METRICS_PORT), _Quiet)
    server.set_app(make_wsgi_app(registry))
    return server


def serve_beside(registry: Collector) -> None:
    """Serve in a thread. If it cannot listen, it only logs that: pages do not need the metrics."""
    try:
        server = listen(registry, SharedServer)
    except CANNOT_LISTEN as error:
        log.error("metrics_not_served", port=settings.METRICS_PORT, error=str(error))
        return
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


def own_address(address: str) -> str:
    """Return a single IPv4 address as it is; for a network, this machine's address in it.

    Raises ImproperlyConfigured if the machine has no address in the network.
    """
    try:
        network = IPv4Network(address)
    except ValueError as error:
        raise ImproperlyConfigured(f"METRICS_ADDRESS: {error}.") from error
    if network.num_addresses == 1:
        return address
    own = ""
    with suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as unsent:  # UDP sends nothing
        unsent.connect((str(network[1]), 9))
        own = str(unsent.getsockname()[0])
    if not own or IPv4Address(own) not in network:
        raise ImproperlyConfigured(f"METRICS_ADDRESS: this machine has no address in {address}.")
    return own
