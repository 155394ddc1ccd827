"""The process `metrics`: `python -m certportal.operations.metrics` serves the service's state.

With `--try` it only checks whether the port can be used.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
os.environ.setdefault("PORTAL_PROCESS", "metrics")


def main() -> None:
    """Serve until the process is stopped. Raises SystemExit if the port cannot be used."""
    django.setup(set_prefix=False)

    from django.conf import settings
    from prometheus_client import CollectorRegistry

    from certportal.foundation.database.database_limit import limit_answers
    from certportal.operations.metrics import serving
    from certportal.operations.metrics.state import State

    if not settings.METRICS_PORT:
        raise SystemExit("Set METRICS_PORT to the port from which Prometheus is to read metrics.")
    limit_answers()
    registry = CollectorRegistry()
    try:
        server = serving.listen(registry)
    except serving.CANNOT_LISTEN as error:
        raise SystemExit(
            f"Cannot listen on METRICS_PORT {settings.METRICS_PORT}: {error}"
        ) from error
    if "--try" not in sys.argv:
        registry.register(State())
        server.serve_forever()


if __name__ == "__main__":
    main()
