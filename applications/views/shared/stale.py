"""When somebody was faster: what was typed is shown again, and nothing of it is lost."""

from typing import Any

from django.http import HttpRequest

from applications.forms.shared import VersionForm
from applications.models import Application
from certportal.foundation.errors import Stale


def kept(
    request: HttpRequest,
    application: Application,
    form: VersionForm,
    refusal: Stale,
    *,
    now_url: str = "",
) -> dict[str, Any]:
    """Return what the page says of it; the form keeps its answers.

    They are sent the next time against the order as it is now, which `now_url` shows.
    """
    application.refresh_from_db()
    typed = request.POST.copy()
    typed["version"] = str(application.version)
    form.data = typed
    return {"stale": refusal, "now_url": now_url}
