"""Sentences about structure, signature and requested extensions. By remedy, then by rule."""

from django.utils.translation import gettext_noop as _

SENTENCES: dict[str, dict[str, str]] = {
    "new_request": {
        "encoding.der": _(
            "The request is damaged: at byte %(offset)s it does not follow the encoding rules "
            "(DER)."
        ),
        "encoding.version": _(
            "The version number in the request is %(value)s. Only the number 0 is allowed."
        ),
        "encoding.request_twice": _("The request lists its extensions in two places."),
        "encoding.extension_twice": _("The request has the same extension twice: %(value)s."),
        "encoding.extension_value": _("The content of this extension cannot be read: %(value)s."),
        "encoding.attribute": _("The value of the attribute %(attribute)s is of the wrong type."),
        "signature.parameters": _(
            "The parameters of the signature algorithm do not follow the standard."
        ),
    },
    "nothing": {
        "encoding.lax": _("The request departs from the encoding rules in a harmless way."),
        "extension.ignored": _(
            "This extension does not go into the certificate: %(value)s. The type of the "
            "certificate decides what it has."
        ),
        "extension.profile": _(
            "This extension gets its content from the type of the certificate: %(value)s."
        ),
        "attribute.ignored": _("This additional information is not used: %(value)s."),
    },
    "same_key": {"signature.invalid": _("The signature of the request does not match its key.")},
    "sha256": {
        "signature.unknown": _(
            "The request is signed in a way that we do not know: %(value)s. Known are RSA and "
            "ECDSA with %(wanted)s."
        ),
        "signature.weak": _(
            "The signature uses the hash %(value)s, which is too weak. Allowed are %(wanted)s."
        ),
    },
    "pss_salt": {
        "signature.pss_salt": _(
            "The request states an RSASSA-PSS salt of %(value)s bytes, but the signature was made"
            " with a salt of another length."
        ),
    },
    "pss_mask": {
        "signature.pss_mask": _(
            "The mask of the RSASSA-PSS signature is made with %(value)s. Allowed is MGF1 with"
            " %(wanted)s."
        ),
    },
    "drop_extension": {
        "extension.ca": _(
            "The request asks for the powers of a certification authority (%(value)s), which "
            "this service does not grant."
        ),
        "extension.critical": _(
            "The request has an extension that is marked as critical and that we do not know: "
            "%(value)s."
        ),
    },
}
