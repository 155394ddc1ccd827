"""Sentences about host names, wherever in the request they stand. Rule: remedy, sentence."""

from django.utils.translation import gettext_noop as _

SENTENCES: dict[str, tuple[str, str]] = {
    "host:empty": (
        "full_name",
        _("A host name is empty."),
    ),
    "host:not_ascii": (
        "full_name",
        _("The host name “%(value)s” has letters beyond a to z."),
    ),
    "host:characters": (
        "full_name",
        _(
            "The host name “%(value)s” has characters that are not allowed. Allowed are letters "
            "a to z, digits, hyphens and dots."
        ),
    ),
    "host:underscore": (
        "full_name",
        _("The host name “%(value)s” has an underscore."),
    ),
    "host:url": (
        "full_name",
        _("“%(value)s” is a web address, not a host name."),
    ),
    "host:port": (
        "full_name",
        _("The host name “%(value)s” has a port number."),
    ),
    "host:email": (
        "full_name",
        _("“%(value)s” is an e-mail address, not a host name."),
    ),
    "host:space": (
        "full_name",
        _("The host name “%(value)s” has a blank."),
    ),
    "host:ip_address": (
        "full_name",
        _("“%(value)s” is an IP address. A certificate needs a domain name."),
    ),
    "host:wildcard": (
        "full_name",
        _("The host name “%(value)s” has an asterisk. Each server must be named."),
    ),
    "host:leading_dot": (
        "full_name",
        _("The host name “%(value)s” begins with a dot."),
    ),
    "host:trailing_dot": (
        "full_name",
        _("The host name “%(value)s” ends with a dot."),
    ),
    "host:length": (
        "full_name",
        _("A host name has more than 253 characters."),
    ),
    "host:label_length": (
        "full_name",
        _("A part of the host name “%(value)s” has more than 63 characters."),
    ),
    "host:hyphen": (
        "full_name",
        _("A part of the host name “%(value)s” begins or ends with a hyphen."),
    ),
    "host:single_label": (
        "full_name",
        _("“%(value)s” is not a full host name: it has no domain."),
    ),
    "host:reserved": (
        "full_name",
        _("The host name “%(value)s” works inside a private network only."),
    ),
    "host:public_suffix": (
        "full_name",
        _("“%(value)s” is a common ending of domain names, not the name of a server."),
    ),
    "host:punycode": (
        "full_name",
        _("A part of the host name “%(value)s” is not valid internationalised writing (xn--)."),
    ),
    "host:mixed_script": (
        "full_name",
        _("The host name “%(value)s” has letters of foreign scripts, which look like others."),
    ),
}
