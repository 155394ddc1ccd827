"""What web's workers share: read in once, before they are forked, and before anybody waits for it.

Each of these is otherwise read in at the first request that needs it, in each worker, so that a
worker grows for as long as there are pages which it has not shown yet.
"""

from pathlib import Path

from django.conf import settings
from django.template import engines
from django.urls import URLResolver, get_resolver
from django.utils.translation import gettext, override

from issuance.certificate.hosts import host_problem
from issuance.keys.computable import prepare_search


def read_in() -> None:
    """Read in views, languages, templates and the tables of weak keys: 4 s of CPU time, 30 MB."""
    _views(get_resolver())
    for language, _name in settings.LANGUAGES:
        with override(language):
            gettext("Certificate")
            get_resolver().reverse_dict  # noqa: B018 - the addresses in this language
    folders: list[Path] = settings.TEMPLATES[0]["DIRS"]  # type: ignore[assignment]
    for folder in folders:
        for file in sorted(Path(folder).rglob("*.html")):
            engines["django"].get_template(str(file.relative_to(folder)))
    prepare_search()
    host_problem("varmenteet.example.fi")


def _views(resolver: URLResolver) -> None:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            _views(one)
