"""Sentences for the CA's own rules and the certificate lint. By remedy, then by rule."""

from django.utils.translation import gettext_noop as _

SENTENCES: dict[str, dict[str, str]] = {
    "": {
        "ca.profile": _("The authority makes no certificates of the type “%(profile)s”."),
        "ca.none_active": _("No certificate authority is in use for this kind of certificate."),
        "ca.validity": _(
            "The validity of %(value)s months is not possible; the longest is %(limit)s months."
        ),
        "ca.start": _("The start %(value)s is too far ahead; the last possible is %(limit)s."),
        "ca.purpose": _("The purpose “%(value)s” does not fit this type of certificate."),
        "ca.subject_missing": _("The certificate would lack the value %(attribute)s."),
        "ca.common_name": _("The name “%(value)s” is not the first host name of the order."),
        "ca.characters": _(
            "The value %(attribute)s has characters that a certificate cannot carry: %(characters)s"
        ),
        "ca.untidy": _(
            "The value %(attribute)s has needless spaces or a bad beginning: “%(value)s”"
        ),
        "ca.length": _("The value %(attribute)s has %(value)s characters; at most %(limit)s fit."),
        "ca.oid": _("“%(value)s” is not an object identifier."),
        "ca.dns_names": _("The number of host names does not fit this type of certificate."),
        "ca.dns_name_twice": _("The same host name is in the order twice."),
        "ca.dns_name": _("“%(value)s” is not a complete host name."),
        "ca.emails": _("The number of email addresses does not fit this type of certificate."),
        "ca.email": _("“%(value)s” is not an email address that a certificate can carry."),
        "ca.csr_hash": _("The certificate request is not the one that was examined."),
        "ca.submission_hash": _("The submission is not the one that was signed."),
        "ca.submission": _(
            "The order says “%(ordered)s” where the submission says “%(sent)s” (%(field)s)."
        ),
        "ca.submission_names": _(
            "The certificate says “%(ordered)s” where the submission had “%(sent)s”"
            " (%(attribute)s)."
        ),
        "ca.reissue": _(
            "The certificate to be replaced is not one of this organisation and this key."
        ),
        "lint.serial": _("The serial number is not of the right form: %(detail)s"),
        "lint.signature_algorithm": _("The signature algorithm is wrong: %(detail)s"),
        "lint.issuer": _("The issuer's name is wrong: %(detail)s"),
        "lint.validity": _("The validity is not as it should be: %(detail)s"),
        "lint.subject": _("The subject is not as it should be: %(detail)s"),
        "lint.subject_values": _("A value of the subject is not permitted: %(detail)s"),
        "lint.public_key": _("The public key is not as it should be: %(detail)s"),
        "lint.environment": _("Test and production are mixed up: %(detail)s"),
        "lint.extensions": _("An extension is missing, needless or wrongly marked: %(detail)s"),
        "lint.basic_constraints": _("The certificate would not be an end entity's: %(detail)s"),
        "lint.key_usage": _("The key usage is not that of the type: %(detail)s"),
        "lint.extended_key_usage": _("The purposes are not those ordered: %(detail)s"),
        "lint.subject_alternative_names": _("The host names are wrong: %(detail)s"),
        "lint.host_names": _("A host name cannot be certified: %(detail)s"),
        "lint.key_identifiers": _("A key identifier is wrong: %(detail)s"),
        "lint.policies": _("The certificate policy is wrong: %(detail)s"),
        "lint.addresses": _("An address in the certificate is wrong: %(detail)s"),
        "lint.pkix": _("The certificate linter says: %(detail)s"),
    },
    "nothing": {
        "lint.pkix:pkix.certificate_policies_policy_has_qualifier": _(
            "The certificate names the address of the certificate policy, as every certificate of"
            " this authority does."
        ),
    },
}
