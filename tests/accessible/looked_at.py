"""Which addresses were looked at in a browser in this run.

The checks of `tests/accessibility.py` note the URL name of each page they look at. With
`--every-page`, as the test command runs the browser tests, the run fails if none of them looked at
some address of the URL table that answers with a page, and names it (`tests/every_page.py`).
"""

from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from django.utils import translation

from tests.isolation.table import TABLE, Entry

# Addresses that answer with no page of their own: redirects, files, data and pressed buttons.
NO_PAGE = {
    *["livez", "healthz", "front", "robots", "favicon", "numbers_json", "identification-return"],
    *[
        "identification-oidc-keys",
        "identification-saml",
        "identification-saml-answer",
        "identification-saml-logout",
    ],
    *["issuance:crl", "issuance:policy", "issuance:ca_certificate", "issuance:ca_chain"],
    *["issuance:ca_bundle", "issuance:log_key", "issuance:log_keys"],
    *["applications:event_receipt", "applications:life", "applications:forget_domain"],
    *["console:events_csv", "console:events_zip", "console:numbers_csv", "console:ceremony"],
    *["console:loads_csv", "console:hours_csv", "console:waivers_csv", "console:certificates_csv"],
    *["console:returns_csv", "console:findings_csv"],
    *["console:certificate_list_csv", "console:certificate_file"],
    *["accounts:go_to_mandates", "mandates-return"],
    *["accounts:identify", "accounts:logout", "applications:download", "console:queue_csv"],
    *["register_options", "applications:orders_csv", "certificates_csv"],
    *["customers:orders_csv", "customers:certificates_csv"],
    *["applications:order_many_template", "applications:bulk_csv"],
    *[
        "console:take_next",
        "console:claim",
        "console:release",
        "console:names",
        "console:end_ready_reason",
    ],
    *["console:cancel_request", "console:attachment", "console:attachment_page"],
    "console:remove_attachment",
    *["applications:attachment", "applications:remove_attachment"],
    *["applications:install_sheet", "contact:install_sheet", "technical:install_sheet"],
    *["applications:decision", "applications:revocation_notice"],  # the same page as a receipt's
    *[
        "accounts:resend",
        "accounts:revoke",
        "accounts:remove_factor",
        "accounts:end_session",
        "accounts:end_other_sessions",
        "accounts:export",
    ],
    *["accounts:right_document", "accounts:take_back_document"],
    *["console:right_document", "console:right_document_page"],
    *["revoke_by_key_line", "console:withdraw_revocation"],
    *["applications:resend_link", "applications:revoke_link"],
    *["applications:installed", "contact:installed", "technical:installed"],
    *["applications:renewing", "technical:renewing"],
    *["contact:settings", "contact:download", "technical:settings", "technical:download"],
    *["testidp:root", "testidp:discovery", "testidp:jwks", "testidp:token"],
}
_names: set[str] = set()


def is_ours(entry: Entry) -> bool:
    """Whether the address has a name, as all of ours have."""
    return bool(entry.name)


def name_at(url: str) -> str:
    """Return the URL name of the page at the address, or nothing for one that leads nowhere."""
    path = urlsplit(url).path
    language = path.split("/")[1]
    try:
        with translation.override(language if language in {"fi", "sv", "en"} else "fi"):
            return resolve(path).view_name
    except Resolver404:
        return ""


def note(url: str) -> None:
    """Keep the URL name of the page at the address, if it has one."""
    _names.update({name_at(url)} - {""})


def noted() -> set[str]:
    """Return the names noted in this process."""
    return _names


def overlooked(names: set[str]) -> list[str]:
    """Return the names of pages of the URL table that are not among these."""
    pages = {entry.name for entry in TABLE if is_ours(entry)} - NO_PAGE
    return sorted(pages - names)
