"""The container's health check: `python -m certportal.probe` asks the web process for /livez.

It names the public host, since the service answers to no other.
"""

import os
import urllib.request
from urllib.parse import urlsplit

ADDRESS = "http://127.0.0.1:8000/livez"
SECONDS = 4


def probe(address: str = ADDRESS) -> None:
    """Ask; raises OSError when there is no good answer within `SECONDS`."""
    host = urlsplit(os.environ.get("PORTAL_BASE_URL", "http://localhost:8000")).netloc
    request = urllib.request.Request(address, headers={"Host": host})  # noqa: S310 # fixed scheme
    with urllib.request.urlopen(request, timeout=SECONDS):  # noqa: S310
        pass


if __name__ == "__main__":
    probe()
