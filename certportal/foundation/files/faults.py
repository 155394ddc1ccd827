"""What may be wrong with stored files; apart from the store, whose libraries take long to load."""


class StoreAway(OSError):
    """The shared store does not answer, or does not do what it is asked."""


class DamagedFile(Exception):
    """The bytes read are not those that were stored."""
