"""The viewer of mails that were written to files instead of being sent. Never in production."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

NAME = re.compile(r"[0-9TA-Za-z.-]+\.eml\Z")
MOST = 200


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    newest = sorted(Path(settings.MAIL_DIRECTORY).glob("*.eml"), reverse=True)[:MOST]
    mails = [(path.name, read(path)) for path in newest]
    return render(request, "dev/mailbox.html", {"mails": mails})


@require_GET
def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show one mail, or with `?part=N` (from 0) download an attachment."""
    path = Path(settings.MAIL_DIRECTORY) / name
    if not NAME.match(name) or not path.is_file():
        raise Http404
    mail = read(path)
    parts = list(mail.iter_attachments())
    wanted = request.GET.get("part", "")
    if wanted.isdigit() and int(wanted) < len(parts):
        return attachment(parts[int(wanted)])
    body = mail.get_body(("plain",))
    context = {
        "name": name,
        "mail": mail,
        "text": body.get_content() if body else "",
        "files": [part.get_filename() for part in parts],
    }
    return render(request, "dev/mail.html", context)


def read(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def attachment(part: EmailMessage) -> HttpResponse:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{part.get_filename("file")}"'
    return response


@require_GET
def samples(request: HttpRequest) -> HttpResponse:
    """Show every mail as its recipients get it.

    Making them takes some 20 seconds. So the first answer is a page that says so; its header has
    the browser load the same address with `?made`, and meanwhile the page stays in sight.
    """
    if "made" not in request.GET:
        page = render(request, "dev/samples.html", {"samples": None})
        page["Refresh"] = f"0; url={request.path}?made"
        return page
    from certportal.dev import sample_mails  # and with it what makes people and orders, 4 MiB

    return render(request, "dev/samples.html", {"samples": sample_mails.samples()})
