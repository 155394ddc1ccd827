"""Names of algorithms for readers."""

from django.utils.translation import gettext as _


def algorithm_words(name: str) -> str:
    """Return a signature's algorithm, such as "RSA with SHA-256", in the active language."""
    kind, joined, digest = name.partition(" with ")
    return _("%(kind)s with %(digest)s") % {"kind": kind, "digest": digest} if joined else name
