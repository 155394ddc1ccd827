"""Sentences about names. By remedy, then by rule."""

from django.utils.translation import gettext_noop as _

SENTENCES: dict[str, dict[str, str]] = {
    "right_name": {
        "subject.missing": _(
            "The request names nobody: it has neither a common name nor host names."
        ),
        "subject.missing:no_common_name": _("The request names nobody: it has no common name."),
        "subject.empty_value": _("This field of the name is empty: %(attribute)s."),
        "subject.invisible": _(
            "The field %(attribute)s has invisible characters (%(characters)s): “%(value)s”."
        ),
        "subject.characters": _(
            "The field %(attribute)s has characters that do not belong to a name "
            "(%(characters)s): “%(value)s”."
        ),
        "subject.length": _(
            "The field %(attribute)s has %(value)s characters. At most %(wanted)s are allowed."
        ),
        "subject.country": _(
            "The country is “%(value)s”. It must be a code of two letters, such as FI."
        ),
        "subject.twice": _(
            "The name has this field %(value)s times: %(attribute)s. It may be there once."
        ),
        "subject.joined": _(
            "Fields of the name are joined into one: %(value)s. Each must stand by itself."
        ),
        "subject.too_many": _("The name has %(value)s fields. At most %(wanted)s are allowed."),
        "subject.unknown": _("The name has a field that we do not know: %(value)s."),
        "subject.placeholder": _(
            "The organisation is “%(value)s”, which is the default of the program that made the "
            "request."
        ),
        "subject.personal_code": _(
            "The field %(attribute)s holds a personal identity code. It must not be in a "
            "certificate."
        ),
        "subject.email": _("“%(value)s” is not an email address."),
        "subject.email_in_server": _(
            "A server certificate must not have an email address: %(value)s."
        ),
        "san.email_in_server": _("A server certificate must not have an email address: %(value)s."),
    },
    "utf8": {
        "subject.string": _("The characters of this field cannot be read: %(attribute)s."),
        "subject.mojibake": _(
            "The letters of the field %(attribute)s are wrongly encoded: “%(value)s” probably "
            "means “%(wanted)s”."
        ),
    },
    "from_order": {
        "subject.outside_set": _(
            "The field %(attribute)s has letters that certificates do not have (%(characters)s)."
        ),
        "subject.old_string": _(
            "The field %(attribute)s is written in an outdated way: %(value)s."
        ),
        "subject.email_unused": _(
            "The request has an email address, which does not go into the certificate: %(value)s."
        ),
        "subject.not_host": _("The common name “%(value)s” is not a host name."),
        "subject.no_names": _("The request has no common name."),
        "san.unused": _(
            "The request has names of kinds that do not go into the certificate: %(value)s."
        ),
    },
    "full_name": {
        "san.ip_only": _(
            "The request names IP addresses only (%(value)s). A certificate needs a domain name."
        ),
        "san.ip_private": _("The request has IP addresses of private networks: %(value)s."),
        "san.empty": _("The list of alternative names is empty."),
    },
    "new_request": {
        "san.too_many": _(
            "The request has %(value)s alternative names. At most %(wanted)s are allowed."
        ),
    },
    "compare": {
        "expected.organisation": _(
            "The organisation in the request is “%(value)s”, in the register “%(wanted)s”."
        ),
        "expected.unit": _("The unit in the request is “%(value)s”, in the register “%(wanted)s”."),
        "expected.common_name": _(
            "The common name in the request is “%(value)s”, in the order “%(wanted)s”."
        ),
        "expected.serial_number": _(
            "The identifier in the request is “%(value)s”, in the order “%(wanted)s”."
        ),
        "expected.missing_host": _(
            "These host names of the order are missing from the request: %(value)s."
        ),
        "expected.extra_host": _(
            "These host names of the request are not in the order and do not go into the "
            "certificate: %(value)s."
        ),
    },
    "compare_given": {
        "given.organisation": _(
            "The organisation in the request is “%(value)s”; you gave “%(wanted)s”."
        ),
        "given.common_name": _(
            "The common name in the request is “%(value)s”; you gave “%(wanted)s”."
        ),
        "given.missing_host": _(
            "These host names that you gave are missing from the request: %(value)s."
        ),
        "given.extra_host": _("These host names of the request you did not give: %(value)s."),
    },
}
