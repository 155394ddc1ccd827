"""Resolvers of the tests' own, which answer what a test wants, over UDP, and close TCP at once."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rrset

from tests.dns_servers import ADDRESS

type Answer = Callable[[str, str], list[str] | None]
"""The records for a name and type, such as `web.fi. TXT "x"`, or None for no answer at all."""


@contextmanager
def resolver(answer: Answer, flags: int = dns.flags.AD) -> Iterator[tuple[str, int]]:
    """Run one for the time of the block; return its address and port."""
    over_tcp, over_udp = _at_one_port()
    with over_tcp, over_udp:
        over_tcp.listen()
        served = [
            threading.Thread(target=_serve, args=(over_udp, answer, flags)),
            threading.Thread(target=_hang_up, args=(over_tcp,)),
        ]
        for each in served:
            each.start()
        try:
            yield over_udp.getsockname()
        finally:
            over_tcp.shutdown(socket.SHUT_RDWR)
            over_udp.sendto(b"", over_udp.getsockname())
            for each in served:
                each.join()


def _at_one_port() -> tuple[socket.socket, socket.socket]:
    """Return sockets for TCP and UDP, bound to a port that was free for both."""
    while True:
        over_tcp, over_udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
        over_udp.bind((ADDRESS, 0))
        try:
            over_tcp.bind(over_udp.getsockname())
        except OSError:  # another process has the port over TCP
            over_tcp.close()
            over_udp.close()
        else:
            return over_tcp, over_udp


def _serve(over_udp: socket.socket, answer: Answer, flags: int) -> None:
    while True:
        asked, sender = over_udp.recvfrom(4096)
        if not asked:
            return
        query = dns.message.from_wire(asked)
        (question,) = query.question
        records = answer(str(question.name).rstrip("."), question.rdtype.name)
        if records is None:
            continue
        response = dns.message.make_response(query)
        response.flags |= flags
        for record in records:
            owner, kind, value = record.split(" ", 2)
            response.answer.append(dns.rrset.from_text(owner, 1, "IN", kind, value))
        over_udp.sendto(response.to_wire(), sender)


def _hang_up(over_tcp: socket.socket) -> None:
    while True:
        try:
            connection, _ = over_tcp.accept()
        except OSError:
            return
        connection.close()
