"""Sentences about names. Rule: remedy, sentence."""

from django.utils.translation import gettext_noop as _

SENTENCES: dict[str, tuple[str, str]] = {
    "subject.missing": (
        "right_name",
        _("The request names nobody: it has neither a common name nor host names."),
    ),
    "subject.empty_value": (
        "right_name",
        _("This field of the name is empty: %(attribute)s."),
    ),
    "subject.string": (
        "utf8",
        _("The characters of this field cannot be read: %(attribute)s."),
    ),
    "subject.invisible": (
        "right_name",
        _("The field %(attribute)s has invisible characters (%(characters)s): “%(value)s”."),
    ),
    "subject.characters": (
        "right_name",
        _(
            "The field %(attribute)s has characters that do not belong to a name "
            "(%(characters)s): “%(value)s”."
        ),
    ),
    "subject.mojibake": (
        "utf8",
        _(
            "The letters of the field %(attribute)s are wrongly encoded: “%(value)s” probably "
            "means “%(wanted)s”."
        ),
    ),
    "subject.length": (
        "right_name",
        _("The field %(attribute)s has %(value)s characters. At most %(wanted)s are allowed."),
    ),
    "subject.country": (
        "right_name",
        _("The country is “%(value)s”. It must be a code of two letters, such as FI."),
    ),
    "subject.twice": (
        "right_name",
        _("The name has this field %(value)s times: %(attribute)s. It may be there once."),
    ),
    "subject.joined": (
        "right_name",
        _("Fields of the name are joined into one: %(value)s. Each must stand by itself."),
    ),
    "subject.too_many": (
        "right_name",
        _("The name has %(value)s fields. At most %(wanted)s are allowed."),
    ),
    "subject.unknown": (
        "right_name",
        _("The name has a field that we do not know: %(value)s."),
    ),
    "subject.placeholder": (
        "right_name",
        _(
            "The organisation is “%(value)s”, which is the default of the program that made the "
            "request."
        ),
    ),
    "subject.personal_code": (
        "right_name",
        _(
            "The field %(attribute)s holds a personal identity code. It must not be in a "
            "certificate."
        ),
    ),
    "subject.email": (
        "right_name",
        _("“%(value)s” is not an e-mail address."),
    ),
    "subject.email_in_server": (
        "right_name",
        _("A server certificate must not have an e-mail address: %(value)s."),
    ),
    "subject.outside_set": (
        "from_order",
        _("The field %(attribute)s has letters that certificates do not have (%(characters)s)."),
    ),
    "subject.old_string": (
        "from_order",
        _("The field %(attribute)s is written in an outdated way: %(value)s."),
    ),
    "subject.email_unused": (
        "from_order",
        _("The request has an e-mail address, which does not go into the certificate: %(value)s."),
    ),
    "subject.not_host": (
        "from_order",
        _("The common name “%(value)s” is not a host name."),
    ),
    "subject.no_names": (
        "from_order",
        _("The request has no common name."),
    ),
    "san.ip_only": (
        "full_name",
        _("The request names IP addresses only (%(value)s). A certificate needs a domain name."),
    ),
    "san.ip_private": (
        "full_name",
        _("The request has IP addresses of private networks: %(value)s."),
    ),
    "san.email_in_server": (
        "right_name",
        _("A server certificate must not have an e-mail address: %(value)s."),
    ),
    "san.empty": (
        "full_name",
        _("The list of alternative names is empty."),
    ),
    "san.too_many": (
        "new_request",
        _("The request has %(value)s alternative names. At most %(wanted)s are allowed."),
    ),
    "san.unused": (
        "from_order",
        _("The request has names of kinds that do not go into the certificate: %(value)s."),
    ),
    "expected.organisation": (
        "compare",
        _("The organisation in the request is “%(value)s”, in the register “%(wanted)s”."),
    ),
    "expected.unit": (
        "compare",
        _("The unit in the request is “%(value)s”, in the register “%(wanted)s”."),
    ),
    "expected.common_name": (
        "compare",
        _("The common name in the request is “%(value)s”, in the order “%(wanted)s”."),
    ),
    "expected.serial_number": (
        "compare",
        _("The identifier in the request is “%(value)s”, in the order “%(wanted)s”."),
    ),
    "given.organisation": (
        "compare_given",
        _("The organisation in the request is “%(value)s”; you gave “%(wanted)s”."),
    ),
    "given.common_name": (
        "compare_given",
        _("The common name in the request is “%(value)s”; you gave “%(wanted)s”."),
    ),
    "given.missing_host": (
        "compare_given",
        _("These host names that you gave are missing from the request: %(value)s."),
    ),
    "given.extra_host": (
        "compare_given",
        _("These host names of the request you did not give: %(value)s."),
    ),
    "expected.missing_host": (
        "compare",
        _("These host names of the order are missing from the request: %(value)s."),
    ),
    "expected.extra_host": (
        "compare",
        _(
            "These host names of the request are not in the order and do not go into the "
            "certificate: %(value)s."
        ),
    ),
}
