"""No page without a look: each address of the service is looked at in a browser somewhere."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from tests import people
from tests.applications import orders
from tests.isolation.table import TABLE

TESTS = Path(__file__).parent.parent
ORDERS = "applications/views/test_in_browser.py"
CONSOLE = "applications/console/test_pages.py"
ACCOUNTS = "accounts/test_pages.py"
GALLERY = "gallery/test_pages.py"
FACTORS = "accounts/factors/test_in_browser.py"
CONTACT = "accessible/test_contact.py"
MEMBERS = "accessible/test_members.py"
HERE = "accessible/test_other_states.py"
CERTIFICATES = "accessible/test_certificates.py"
REGISTER = "accessible/test_register.py"
UNDELIVERED = "accessible/test_undelivered.py"
REPLACING = "accessible/test_replacing.py"
# Which browser test looks at the page, and the words by which it opens it.
LOOKED_AT = {
    **{name: (GALLERY, name.replace("_", "-")) for name in ["eligibility", "which_certificate"]},
    **{name: (GALLERY, name) for name in ["accessibility", "privacy", "contact", "feedback"]},
    "start": (GALLERY, '""'),
    "feedback_sent": (GALLERY, "feedback/sent/"),
    "home": (ORDERS, '"home"'),
    "csr_doctor": (HERE, '"csr_doctor"'),
    **{
        name: (CERTIFICATES, f'"{name}"')
        for name in ["revoke_by_key", "revoke_by_key_sign", "revoked_by_key"]
    },
    "authorities": (HERE, '"authorities"'),
    "dev_mail": (HERE, '"dev_mail"'),
    "dev_mail_show": (HERE, '"dev_mail_show"'),
    "dev_mail_samples": (HERE, '"dev_mail_samples"'),
    "accounts:login": (ACCOUNTS, "login/"),
    "accounts:cancelled": (ACCOUNTS, "login/cancelled/"),
    "accounts:not_identified": (ACCOUNTS, "login/failed/"),
    "accounts:logged_out": (ACCOUNTS, "logged-out/"),
    "accounts:email": (ACCOUNTS, "email/"),
    "accounts:email_code": (ACCOUNTS, "/email/code/"),
    "accounts:found": (ACCOUNTS, "organisation/found/"),
    "accounts:confirm": (ACCOUNTS, "organisation/found/{code}/"),
    "accounts:choose": (HERE, "accounts:choose"),
    "accounts:profile": (ACCOUNTS, "me/"),
    "accounts:recorded": (ACCOUNTS, "me/recorded/"),
    **{
        f"accounts:{name}": (FACTORS, f'"{name}"')
        for name in ["second_factor", "second_factor_set_up", "own_factors"]
    },
    "accounts:recovery_codes": (FACTORS, "recovery-codes/"),
    "testidp:authorize": (ACCOUNTS, "login/start/"),
    **{
        f"applications:{name}": (ORDERS, f'"{name}"')
        for name in ["order", "names", "check", "sent", "withdraw", "discard", "again"]
    },
    **{f"applications:{name}": (ORDERS, f'"{name}"') for name in ["give_csr", "add_information"]},
    **{f"applications:{name}": (ORDERS, f"applications:{name}") for name in ["new", "part", "csr"]},
    **{
        f"accounts:{name}": (MEMBERS, f"accounts:{name}") for name in ["members", "leave", "invite"]
    },
    **{
        f"accounts:{name}": (MEMBERS, f"accounts:{name}")
        for name in ["members", "member", "remove", "leave", "invite", "invite_for", "invitation"]
    },
    **{
        f"contact:{name}": (CONTACT, f"contact:{name}")
        for name in ["landing", "not_mine", "order", "csr", "preview"]
    },
    **{f"technical:{name}": (CONTACT, f"technical:{name}") for name in ["order", "csr", "preview"]},
    "applications:rename_contact": (CONTACT, "applications:rename_contact"),
    "accounts:ask_administrator": (MEMBERS, "accounts:ask_administrator"),
    **{
        f"console:{name}": (MEMBERS, f"console:{name}")
        for name in ["administrators", "administrator"]
    },
    "accounts:right": (MEMBERS, "accounts:right"),
    "accounts:join": (MEMBERS, "accounts:join"),
    **{
        f"console:{name}": (CONSOLE, f'"{name}"')
        for name in ["queue", "case", "ask", "extend", "approve", "reject", "reopen"]
    },
    **{
        f"console:{name}": (UNDELIVERED, f"console:{name}")
        for name in ["undelivered", "undelivered_one"]
    },
    "console:right": (CONSOLE, '"right"'),
    "console:evidence": (CONSOLE, "evidence"),
    **{
        f"console:{name}": (REGISTER, f"console:{name}")
        for name in [
            "register",
            "register_task",
            "record",
            "register_runs",
            "register_run",
            "succession",
        ]
    },
    **{
        f"console:{name}": (REPLACING, f"console:{name}")
        for name in ["replacements", "replacement", "replacement_certificate"]
    },
    "register": (REGISTER, '"register"'),
    "applications:units": (REGISTER, "applications:units"),
    "certificates": (CERTIFICATES, '"certificates"'),
    **{
        name: (CERTIFICATES, name)
        for name in ["applications:certificate", "applications:revoke", "console:revoke"]
    },
    **{
        f"console:{name}": (CERTIFICATES, f"console:{name}")
        for name in ["revocation", "decline_revocation"]
    },
}
# Addresses that answer with no page of their own: redirects, files, data and pressed buttons.
NO_PAGE = {
    *["livez", "healthz", "front", "robots", "favicon", "identification-return"],
    *["identification-saml", "identification-saml-answer", "identification-saml-logout"],
    *["issuance:crl", "issuance:policy", "issuance:ca_certificate", "issuance:ca_chain"],
    "issuance:ca_bundle",
    *["accounts:identify", "accounts:logout", "applications:download", "console:queue_csv"],
    "register_options",
    *["console:next", "console:claim", "console:release", "console:names"],
    *["console:cancel_request", "console:attachment", "console:attachment_page"],
    *["applications:attachment", "applications:remove_attachment"],
    *["applications:receipt", "applications:decision"],
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
    *["contact:settings", "contact:download", "technical:settings", "technical:download"],
    *["testidp:root", "testidp:discovery", "testidp:jwks", "testidp:token"],
}


def is_ours(entry):
    """Django's own admin has pages of its own making; superusers alone see it."""
    return bool(entry.name) and not entry.name.startswith("admin:")


@pytest.mark.parametrize("entry", list(filter(is_ours, TABLE)), ids=str)
def test_each_page_is_looked_at(entry):
    if entry.name in NO_PAGE:
        return
    assert entry.name in LOOKED_AT, "say which browser test looks at it, or that it is no page"
    file, words = LOOKED_AT[entry.name]
    assert words in (TESTS / file).read_text(), f"{file} no longer opens it"


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_each_page_has_a_title_of_its_own(matti, riitta, cas, settings, language):
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    draft, case = orders.with_csr(matti), orders.claimed(matti, riitta)
    titles: dict[str, set[str]] = {}
    for name, kwargs in pages(draft, case):
        client = people.log_in(Client(), riitta if name.startswith("console:") else matti)
        with translation.override(language):
            page = client.get(reverse(name, kwargs=kwargs))
        if page.status_code == 200:
            assert f'<html lang="{language}"' in page.text, name
            titles.setdefault(page.text.split("<title>")[1].split("</title>")[0], set()).add(name)
    assert len(titles) > 20
    assert {title: names for title, names in titles.items() if len(names) > 1} == {}


def pages(draft, case):
    """Yield name and arguments of every page that an order alone is enough to open."""
    for entry in filter(is_ours, TABLE):
        if entry.name in NO_PAGE or entry.name.startswith(("dev_mail", "testidp:")):
            continue
        of = case if entry.name.startswith("console:") else draft
        known = {"application_id": of.pk, "section_id": "validity", "csr_id": of.csrs.first().pk}
        if entry.wants <= known.keys():
            yield entry.name, {name: known[name] for name in entry.wants}
