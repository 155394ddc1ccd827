"""Sentences about host names in common name and subjectAltName. By remedy, then by rule."""

from django.utils.translation import gettext_noop as _

SENTENCES: dict[str, dict[str, str]] = {
    "one_by_one": {
        "host:characters": _("The host name “%(value)s” has characters that are not allowed."),
        "host:space": _("The host name “%(value)s” has a blank."),
    },
    "full_name": {
        "host:empty": _("A host name is empty."),
        "host:not_ascii": _("The host name “%(value)s” has letters beyond a to z."),
        "host:underscore": _("The host name “%(value)s” has an underscore."),
        "host:url": _("“%(value)s” is a web address, not a host name."),
        "host:port": _("The host name “%(value)s” has a port number."),
        "host:email": _("“%(value)s” is an email address, not a host name."),
        "host:ip_address": _("“%(value)s” is an IP address. A certificate needs a domain name."),
        "host:wildcard": _("The host name “%(value)s” has an asterisk. Each server must be named."),
        "host:leading_dot": _("The host name “%(value)s” begins with a dot."),
        "host:trailing_dot": _("The host name “%(value)s” ends with a dot."),
        "host:length": _("A host name has more than %(longest_name)s characters."),
        "host:label_length": _(
            "A part of the host name “%(value)s” has more than %(longest_label)s characters."
        ),
        "host:hyphen": _("A part of the host name “%(value)s” begins or ends with a hyphen."),
        "host:single_label": _("“%(value)s” is not a full host name: it has no domain."),
        "host:reserved": _("The host name “%(value)s” works inside a private network only."),
        "host:public_suffix": _(
            "“%(value)s” is a common ending of domain names, not the name of a server."
        ),
        "host:shared_suffix": _(
            "“%(value)s” is an ending below which anybody can get a name, not the name of a server."
        ),
        "host:punycode": _(
            "A part of the host name “%(value)s” is not valid internationalised writing (xn--)."
        ),
        "host:mixed_script": _(
            "The host name “%(value)s” has letters that are easily taken for other letters."
        ),
        "host:foreign_script": _(
            "The host name “%(value)s” is written with letters other than Latin ones."
        ),
        "host:special_use": _(
            "The host name “%(value)s” ends in a name that is reserved for another purpose."
        ),
        "host:documentation": _("The host name “%(value)s” is reserved for examples."),
        "host:unknown_top": _(
            "“%(value)s” does not end in a domain that is in use on the internet."
        ),
    },
}
