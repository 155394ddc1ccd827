"""Exceptions about stored files; not in `shared_store`, whose libraries take long to import."""


class StoreAway(OSError):
    """The shared store does not answer, or refuses a request."""


class DamagedFile(Exception):
    """The bytes read are not those that were stored."""
