"""Sentences about the file. Rule: remedy, sentence."""

from django.utils.translation import gettext_noop as _

SENTENCES: dict[str, tuple[str, str]] = {
    "file.too_large": (
        "choose_file",
        _("The file is %(value)s bytes. A certificate request may be %(wanted)s bytes at most."),
    ),
    "file.private_key": (
        "leaked_key",
        _("The file holds a private key. We did not store the file."),
    ),
    "file.empty": (
        "choose_file",
        _("The file is empty."),
    ),
    "file.other_type": (
        "choose_file",
        _("The file is of the type %(value)s, not a certificate request."),
    ),
    "file.other_type:certificate": (
        "choose_file",
        _("The file is a certificate, not a certificate request."),
    ),
    "file.other_type:certificate revocation list": (
        "choose_file",
        _("The file is a certificate revocation list, not a certificate request."),
    ),
    "file.other_type:public key": (
        "choose_file",
        _("The file is a bare public key, not a certificate request."),
    ),
    "file.other_type:SSH public key": (
        "choose_file",
        _("The file is an SSH public key, not a certificate request."),
    ),
    "file.other_type:Java keystore": (
        "choose_file",
        _("The file is a Java keystore, not a certificate request."),
    ),
    "file.other_type:image": (
        "choose_file",
        _("The file is an image, not a certificate request."),
    ),
    "file.other_type:program": (
        "choose_file",
        _("The file is a program, not a certificate request."),
    ),
    "file.other_type:ZIP": (
        "take_out",
        _("The file is a ZIP archive, not a certificate request."),
    ),
    "file.other_type:gzip": (
        "take_out",
        _("The file is a gzip archive, not a certificate request."),
    ),
    "file.other_type:Word document": (
        "take_out",
        _("The file is a word processor's document, not a certificate request."),
    ),
    "file.other_type:e-mail message": (
        "take_out",
        _("The file is an e-mail message, not a certificate request."),
    ),
    "file.other_type:configuration file": (
        "choose_file",
        _("The file is the configuration file from which a request is made, not the request."),
    ),
    "file.unknown": (
        "choose_file",
        _("No certificate request was found in the file."),
    ),
    "file.unexamined": (
        "new_request",
        _("The file could not be examined."),
    ),
    "file.several": (
        "one_request",
        _("The file holds more than one certificate request."),
    ),
    "file.damaged_pem": (
        "copy_again",
        _("The request is damaged."),
    ),
    "file.damaged_pem:end": (
        "copy_again",
        _("The END line of the request is missing."),
    ),
    "file.damaged_pem:characters": (
        "copy_again",
        _("Between the BEGIN and END lines there are characters that do not belong to a request."),
    ),
    "file.damaged_pem:length": (
        "copy_again",
        _("Characters are missing between the BEGIN and END lines."),
    ),
    "file.damaged_pem:empty": (
        "copy_again",
        _("There is nothing between the BEGIN and END lines."),
    ),
    "file.damaged_pem:begin": (
        "copy_again",
        _("The BEGIN line is not in its proper form: it has five hyphens on both sides."),
    ),
    "file.damaged_pem:dashes": (
        "send_file",
        _(
            "A word processor has changed the hyphens of the BEGIN and END lines to dashes. It may"
            " have changed other characters as well."
        ),
    ),
    "file.damaged_pem:url": (
        "send_file",
        _("The characters of the request are written as in a web address."),
    ),
    "file.damaged_pem:html": (
        "send_file",
        _("The request has the markup of a web page in it."),
    ),
    "file.damaged_pem:twice": (
        "send_file",
        _("The request has been put into base64 a second time."),
    ),
    "file.damaged_pem:label": (
        "copy_again",
        _("The BEGIN line says that this is something else than a certificate request."),
    ),
    "file.left_out": (
        "nothing",
        _("Beside the request the file holds something else, which we left aside: %(value)s."),
    ),
    "file.repaired": (
        "nothing",
        _("We mended the form of the file."),
    ),
    "file.repaired:utf16": (
        "nothing",
        _("The file was UTF-16 text, as Windows PowerShell writes it. We converted it."),
    ),
    "file.repaired:quoted": (
        "nothing",
        _("The lines had the quotation marks of an e-mail message. We removed them."),
    ),
    "file.repaired:indented": (
        "nothing",
        _("The lines were indented. We removed the blanks."),
    ),
    "file.repaired:headers": (
        "nothing",
        _("There were header lines inside the request. We left them out."),
    ),
    "file.repaired:label": (
        "nothing",
        _(
            "The BEGIN and END lines were not written as they should be. We read the request all"
            " the same."
        ),
    ),
    "file.repaired:bare_base64": (
        "nothing",
        _("The BEGIN and END lines were missing. We added them."),
    ),
    "file.repaired:escaped": (
        "nothing",
        _("The line ends were written as \\n, as in a JSON file. We put them right."),
    ),
    "file.repaired:quoted_printable": (
        "nothing",
        _("An e-mail program had written = as =3D. We put it right."),
    ),
    "file.repaired:blanks": (
        "nothing",
        _(
            "There were blanks or invisible characters of a web page or a word processor between"
            " the lines. We removed them."
        ),
    ),
    "file.repaired:twice": (
        "nothing",
        _("The same request was in the file more than once. We read it once."),
    ),
}
