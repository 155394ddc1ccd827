"""Preloads views, languages, templates and tables before web's workers are forked.

The workers share the preloaded memory. Otherwise each worker would load them at the first request
that needs them, which makes that request slow and each worker grow.
"""

from pathlib import Path

from django.conf import settings
from django.template import engines
from django.urls import URLResolver, get_resolver
from django.utils.module_loading import import_string
from django.utils.translation import gettext, override

from issuance.certificate.hosts import host_problem
from issuance.keys.computable import prepare_search


def preload() -> None:
    """Load views, languages, templates and the tables of weak keys: 4 s of CPU time, 30 MB."""
    _views(get_resolver())
    import_string(settings.IDENTIFICATION["BACKEND"])  # the views do not import it
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
    """Import the views: reading `url_patterns` imports the URL configuration."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            _views(pattern)
