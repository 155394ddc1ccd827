"""Remedies for faults, and the headings under which findings are shown."""

from django.utils.translation import gettext_noop as _

REMEDIES = {
    "choose_file": _(
        "Give the certificate request itself. Its first line says BEGIN CERTIFICATE REQUEST, and"
        " as a file it usually ends in .csr, .req or .p10."
    ),
    "new_request": _("Make the request again with the ready-made commands of the instructions."),
    "copy_again": _(
        "Copy the whole file again, from the BEGIN line to the END line, or send the file itself"
        " instead of pasted text."
    ),
    "send_file": _(
        "Send the file itself, as the program that made the request saved it, instead of pasted"
        " text."
    ),
    "take_out": _("Take the certificate request out of it and send the request alone."),
    "new_key": _("Make a new key pair and a new request from it."),
    "known_key": _(
        "Make a new key pair and a new request with a program that generates random keys, such as"
        " OpenSSL. Do not use this key any more."
    ),
    "leaked_key": _(
        "Make a new key pair and a new request, and send only the request. Never send a private "
        "key to anybody. Do not use this key any more."
    ),
    "one_request": _("Send one request for each order, each in a file of its own."),
    "nothing": _("You don't need to do anything."),
    "from_order": _(
        "You don't need to do anything: the names of the certificate come from the order and the "
        "register."
    ),
    "compare": _(
        "Check that this is the right request. The certificate gets the name of the order or the"
        " register."
    ),
    "compare_given": _(
        "Check that this is the right request. The certificate gets the names of the order and the"
        " register."
    ),
    "no_renewal": _(
        "Make a new certificate request: in IIS choose “Create Certificate Request”, not “Renew”,"
        " or use the ready-made configuration file with certreq."
    ),
    "sha256": _(
        "Make the request again with SHA-256. In OpenSSL the option is -sha256, in keytool"
        " -sigalg SHA256withRSA, and in the configuration of certreq HashAlgorithm=SHA256."
    ),
    "pss_salt": _(
        "Make the request again with the options -sigopt rsa_padding_mode:pss and -sigopt"
        " rsa_pss_saltlen:digest, or without RSASSA-PSS."
    ),
    "pss_mask": _(
        "Make the request again with the options -sigopt rsa_padding_mode:pss and -sigopt"
        " rsa_mgf1_md:sha256, or without RSASSA-PSS."
    ),
    "same_key": _(
        "Sign the request with the same key that it contains: make it again from your key."
    ),
    "right_name": _(
        "Correct the name and make the request again. The ready-made configuration file has the "
        "right names."
    ),
    "utf8": _("Add the option -utf8 to the command or use the ready-made configuration file."),
    "one_by_one": _(
        "Give each host name by itself, such as server.example.fi. Allowed are letters a to z,"
        " digits, hyphens and dots."
    ),
    "full_name": _("Use the full public name of the server, such as server.example.fi."),
    "drop_extension": _("Leave the extension out and make the request again."),
}

TITLES = {
    "file": _("Content"),
    "encoding": _("Structure of the request"),
    "signature": _("Signature of the request"),
    "key": _("Key"),
    "subject": _("Name of the holder"),
    "host": _("Host names"),
    "san": _("Alternative names"),
    "extension": _("Requested extensions"),
    "attribute": _("Other attributes"),
    "expected": _("Compared with the order"),
    "given": _("Compared with what you gave"),
    "order": _("Order"),
    "lint": _("Certificate to be"),
}
