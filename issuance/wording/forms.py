"""Sentences about structure, signature and requested extensions. Rule: remedy, sentence."""

from django.utils.translation import gettext_noop as _

SENTENCES: dict[str, tuple[str, str]] = {
    "encoding.der": (
        "new_request",
        _(
            "The request is damaged: at byte %(offset)s it does not follow the encoding rules "
            "(DER)."
        ),
    ),
    "encoding.version": (
        "new_request",
        _("The version number in the request is %(value)s. Only the number 0 is allowed."),
    ),
    "encoding.request_twice": (
        "new_request",
        _("The request lists its extensions in two places."),
    ),
    "encoding.extension_twice": (
        "new_request",
        _("The request has the same extension twice: %(value)s."),
    ),
    "encoding.extension_value": (
        "new_request",
        _("The content of this extension cannot be read: %(value)s."),
    ),
    "encoding.attribute": (
        "new_request",
        _("The value of the attribute %(attribute)s is of the wrong type."),
    ),
    "encoding.lax": (
        "nothing",
        _("The request departs from the encoding rules in a harmless way."),
    ),
    "signature.invalid": (
        "same_key",
        _("The signature of the request does not match its key."),
    ),
    "signature.unknown": (
        "sha256",
        _(
            "The request is signed in a way that we do not know: %(value)s. Known are RSA and "
            "ECDSA with %(wanted)s."
        ),
    ),
    "signature.weak": (
        "sha256",
        _("The signature uses the hash %(value)s, which is too weak. Allowed are %(wanted)s."),
    ),
    "signature.parameters": (
        "new_request",
        _("The parameters of the signature algorithm do not follow the standard."),
    ),
    "extension.ca": (
        "drop_extension",
        _(
            "The request asks for the powers of a certification authority (%(value)s), which "
            "this service does not grant."
        ),
    ),
    "extension.critical": (
        "drop_extension",
        _(
            "The request has an extension that is marked as critical and that we do not know: "
            "%(value)s."
        ),
    ),
    "extension.ignored": (
        "nothing",
        _(
            "This extension does not go into the certificate: %(value)s. The type of the "
            "certificate decides what it has."
        ),
    ),
    "extension.profile": (
        "nothing",
        _("This extension gets its content from the type of the certificate: %(value)s."),
    ),
    "attribute.ignored": (
        "nothing",
        _("This additional information is not used: %(value)s."),
    ),
}
