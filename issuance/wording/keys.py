"""Sentences about the key. By remedy, then by rule."""

from django.utils.translation import gettext_noop as _

SENTENCES: dict[str, dict[str, str]] = {
    "new_key": {
        "key.type": _("The type of the key is %(value)s. Allowed are %(wanted)s."),
        "key.curve": _("The curve of the key is %(value)s. Allowed are %(wanted)s."),
        "key.unreadable": _("The public key in the request cannot be read."),
        "key.rsa_short": _(
            "The RSA key has %(value)s bits, which is too few. Allowed are %(wanted)s."
        ),
        "key.rsa_long": _(
            "The RSA key has %(value)s bits, which is too many. Allowed are %(wanted)s."
        ),
        "key.rsa_size": _("The RSA key has %(value)s bits. Allowed are %(wanted)s."),
        "key.rsa_exponent": _(
            "The public exponent of the RSA key is %(value)s. Common and safe is %(wanted)s."
        ),
        "key.rsa_factor": _("The RSA key can be broken: its modulus has a small prime factor."),
        "key.rsa_fermat": _(
            "The RSA key can be broken: its two primes are too close to each other."
        ),
        "key.rsa_roca": _(
            "The RSA key can be broken: it was made by a faulty chip (ROCA, CVE-2017-15361)."
        ),
        "key.rsa_ratio": _(
            "The RSA key can be broken: its two primes are close to a simple ratio."
        ),
        "key.rsa_smooth": _(
            "The RSA key can be broken: one of its primes minus one has only small factors."
        ),
        "key.rsa_prime": _("The RSA key can be broken: its modulus is a prime number itself."),
        "key.rsa_shared": _(
            "The RSA key can be broken: it has a prime in common with other known keys."
        ),
        "key.rsa_structure": _("The RSA key can be broken: its modulus is not random."),
        "key.published": _("This key cannot be used: its private half is publicly known."),
        "key.blocked": _("This key cannot be used: it is on the list of blocked keys."),
        "key.in_use": _(
            "This key has already been used in a certificate or an order. Create a new key pair."
        ),
    },
    "known_key": {
        "key.ec_scalar": _("Anybody can find the private key: it was not chosen at random."),
        "key.ec_scalar:small": _("Anybody can find the private key: it is a small number."),
        "key.ec_scalar:pattern": _("Anybody can find the private key: it repeats a short pattern."),
        "key.ec_scalar:word": _(
            "Anybody can find the private key: it was made from a common word."
        ),
        "key.nonce": _(
            "The signature of the request gives the private key away: the random number in it is"
            " far too small."
        ),
    },
}
