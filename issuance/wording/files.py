"""Sentences about the uploaded file. By remedy, then by rule."""

from django.utils.translation import gettext_noop as _

_ARCHIVE = _("This is a packed archive (%(value)s), not a certificate request.")

SENTENCES: dict[str, dict[str, str]] = {
    "choose_file": {
        "file.too_large": _(
            "This is %(value)s bytes. A certificate request may be %(wanted)s bytes at most."
        ),
        "file.empty": _("There is nothing in it."),
        "file.other_type": _("This is of the type %(value)s, not a certificate request."),
        "file.other_type:certificate": _("This is a certificate, not a certificate request."),
        "file.other_type:certificate revocation list": _(
            "This is a certificate revocation list, not a certificate request."
        ),
        "file.other_type:public key": _("This is a bare public key, not a certificate request."),
        "file.other_type:SSH public key": _(
            "This is an SSH public key, not a certificate request."
        ),
        "file.other_type:Java keystore": _("This is a Java keystore, not a certificate request."),
        "file.other_type:image": _("This is an image, not a certificate request."),
        "file.other_type:program": _("This is a program, not a certificate request."),
        "file.other_type:configuration file": _(
            "This is the configuration from which a request is made, not the request."
        ),
        "file.unknown": _("There is no certificate request in this."),
    },
    "leaked_key": {
        "file.private_key": _("You sent a private key. We did not store what you sent."),
    },
    "take_out": {
        "file.other_type:ZIP": _("This is a ZIP archive, not a certificate request."),
        "file.other_type:gzip": _("This is a gzip archive, not a certificate request."),
        **{
            f"file.other_type:{kind}": _ARCHIVE
            for kind in ("bzip2", "xz", "zstd", "7z", "RAR", "tar")
        },
        "file.other_type:Word document": _(
            "This is a word processor's document, not a certificate request."
        ),
        "file.other_type:e-mail message": _("This is an email message, not a certificate request."),
    },
    "no_renewal": {
        "file.other_type:PKCS#7": _(
            "This is a PKCS #7 file, not a certificate request. Windows makes one when a"
            " certificate is renewed there."
        ),
    },
    "new_request": {"file.unexamined": _("This could not be examined.")},
    "one_request": {"file.several": _("There is more than one certificate request in this.")},
    "copy_again": {
        "file.damaged_pem": _("The request is damaged."),
        "file.damaged_pem:end": _("The END line of the request is missing."),
        "file.damaged_pem:characters": _(
            "Between the BEGIN and END lines there are characters that do not belong to a request."
        ),
        "file.damaged_pem:length": _("Characters are missing between the BEGIN and END lines."),
        "file.damaged_pem:empty": _("There is nothing between the BEGIN and END lines."),
        "file.damaged_pem:begin": _(
            "The BEGIN line is not in its proper form: it has five hyphens on both sides."
        ),
        "file.damaged_pem:label": _(
            "The BEGIN line says that this is something else than a certificate request."
        ),
    },
    "send_file": {
        "file.damaged_pem:dashes": _(
            "A word processor has changed the hyphens of the BEGIN and END lines to dashes. It may"
            " have changed other characters as well."
        ),
        "file.damaged_pem:url": _("The characters of the request are written as in a web address."),
        "file.damaged_pem:html": _("The request has the markup of a web page in it."),
        "file.damaged_pem:twice": _("The request has been put into base64 a second time."),
    },
    "nothing": {
        "file.left_out": _(
            "Beside the request there was something else, which we left aside: %(value)s."
        ),
        "file.repaired": _("We fixed the form of the request."),
        "file.repaired:utf16": _(
            "The request was UTF-16 text, as Windows PowerShell writes it. We converted it."
        ),
        "file.repaired:quoted": _(
            "The lines had the quotation marks of an email message. We removed them."
        ),
        "file.repaired:indented": _("The lines were indented. We removed the blanks."),
        "file.repaired:headers": _("There were header lines inside the request. We left them out."),
        "file.repaired:label": _(
            "The BEGIN and END lines were not written as they should be. We read the request all"
            " the same."
        ),
        "file.repaired:bare_base64": _("The BEGIN and END lines were missing. We added them."),
        "file.repaired:escaped": _(
            "The line ends were written as \\n, as in a JSON file. We corrected them."
        ),
        "file.repaired:quoted_printable": _(
            "An email program had written = as =3D. We corrected it."
        ),
        "file.repaired:blanks": _(
            "There were blanks or invisible characters of a web page or a word processor between"
            " the lines. We removed them."
        ),
        "file.repaired:twice": _("The same request was there more than once. We read it once."),
    },
}
