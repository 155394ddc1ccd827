"""Starts a queue's worker, or beat: `python -m certportal.operations.work [BEAT'S FILE]`.

PORTAL_PROCESS names the queue. Celery's own command line would import all of its commands, 12 MiB
in each of these processes.
"""

import os
import socket
import sys

from celery import current_app as app  # that of certportal.celery
from celery.utils.nodenames import nodename
from django.conf import settings

AT_ONCE = {"default": 2, "mail": 2, "ca": 1}
"""How many tasks of its queue a worker runs at once."""


def main() -> None:
    """Work until the process is stopped. Raises SystemExit."""
    kind = settings.PORTAL_PROCESS
    # Django's checks would run, whose result Celery does not read: 11 MiB.
    os.environ["CELERY_SKIP_CHECKS"] = "true"
    if kind == "beat":
        app.Beat(schedule=sys.argv[1], loglevel="INFO", quiet=True).run()
        return
    worker = app.Worker(
        hostname=nodename(kind, socket.gethostname()),
        queues=[kind],
        concurrency=AT_ONCE.get(kind),
        loglevel="INFO",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,  # events every two seconds that nobody reads
        quiet=True,
    )
    worker.start()
    sys.exit(worker.exitcode)


if __name__ == "__main__":
    main()
