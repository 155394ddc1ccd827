"""Sentences about the key. Rule: remedy, sentence."""

from django.utils.translation import gettext_noop as _

SENTENCES: dict[str, tuple[str, str]] = {
    "key.type": (
        "new_key",
        _("The type of the key is %(value)s. Allowed are %(wanted)s."),
    ),
    "key.curve": (
        "new_key",
        _("The curve of the key is %(value)s. Allowed are %(wanted)s."),
    ),
    "key.unreadable": (
        "new_key",
        _("The public key in the request cannot be read."),
    ),
    "key.rsa_short": (
        "new_key",
        _("The RSA key has %(value)s bits, which is too few. Allowed are %(wanted)s."),
    ),
    "key.rsa_long": (
        "new_key",
        _("The RSA key has %(value)s bits, which is too many. Allowed are %(wanted)s."),
    ),
    "key.rsa_size": (
        "new_key",
        _("The RSA key has %(value)s bits. Allowed are %(wanted)s."),
    ),
    "key.rsa_exponent": (
        "new_key",
        _("The public exponent of the RSA key is %(value)s. Common and safe is %(wanted)s."),
    ),
    "key.rsa_factor": (
        "new_key",
        _("The RSA key can be broken: its modulus has a small prime factor."),
    ),
    "key.rsa_fermat": (
        "new_key",
        _("The RSA key can be broken: its two primes are too close to each other."),
    ),
    "key.rsa_roca": (
        "new_key",
        _("The RSA key can be broken: it was made by a faulty chip (ROCA, CVE-2017-15361)."),
    ),
    "key.rsa_prime": (
        "new_key",
        _("The RSA key can be broken: its modulus is a prime number itself."),
    ),
    "key.rsa_shared": (
        "new_key",
        _("The RSA key can be broken: it has a prime in common with other known keys."),
    ),
    "key.rsa_structure": (
        "new_key",
        _("The RSA key can be broken: its modulus is not random."),
    ),
    "key.published": (
        "new_key",
        _("This key cannot be used: its private half is publicly known."),
    ),
    "key.blocked": (
        "new_key",
        _("This key cannot be used: it is on the list of blocked keys."),
    ),
    "key.in_use": (
        "new_key",
        _("This key cannot be used: it is already in use elsewhere."),
    ),
}
