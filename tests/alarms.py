"""Which alarms are raised."""

from certportal.foundation import alarms, redis_store


def sounds(name: str) -> bool:
    """Whether the alarm of this name is raised, for /healthz to read."""
    return bool(redis_store.connect().exists(alarms.key_of(name)))
