"""The containers' health check.

`python -m certportal.operations.probe` requests /livez of the web process, with the public host
name, since the service accepts no other (ALLOWED_HOSTS). With a queue's name as argument, or with
`beat`, it checks the heartbeat of the queue's worker, or of beat, in Redis, since Celery's remote
control is disabled.
"""

import os
import sys
import urllib.request
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from certportal import env

ADDRESS = "http://127.0.0.1:8000/livez"
SECONDS = 4


def probe(address: str = ADDRESS) -> None:
    """Request the address. Raises OSError unless it succeeds within `SECONDS`."""
    host = urlsplit(os.environ.get("PORTAL_BASE_URL", "http://localhost:8000")).netloc
    request = urllib.request.Request(address, headers={"Host": host})  # noqa: S310 # fixed scheme
    with urllib.request.urlopen(request, timeout=SECONDS):  # noqa: S310
        pass


def heartbeat_of(queue: str) -> str:
    """Return the Redis key of the heartbeat of the queue's worker."""
    return f"heartbeat:{queue}"


def probe_worker(queue: str) -> None:
    """Check the worker's heartbeat. Raises OSError if there is none or Redis is down."""
    where = env.redis(env.secret("REDIS_URL"))
    once = Retry(NoBackoff(), 0)
    store = redis.Redis.from_url(
        where, socket_timeout=SECONDS, socket_connect_timeout=SECONDS, retry=once
    )
    try:
        beats = store.exists(heartbeat_of(queue))
    except redis.RedisError as error:
        raise OSError(f"Redis does not answer: {type(error).__name__}") from error
    if not beats:
        raise OSError(f"the worker {queue} gives no sign of life")


if __name__ == "__main__":
    if sys.argv[1:]:
        probe_worker(sys.argv[1])
    else:
        probe()
