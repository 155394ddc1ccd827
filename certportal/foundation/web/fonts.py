"""The service's typeface: a subset of a packaged font, made when static files are collected.

The package carries Source Sans 3 as one variable TrueType file of 640 kB (SIL Open Font License
1.1). Only the Latin letters are served, in the weights that the style sheets use, as WOFF2 of under
25 kB. The licence reserves the name "Source" for the unmodified font, so the derived file is called
"Portal Sans".
"""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

SERVED_AS = "portal/fonts/portal-sans.woff2"
LETTERS = [*range(0x20, 0x180), *range(0x2010, 0x2027), 0x203A, 0x20AC, 0x2190, 0x2192, 0x2212]
FEATURES = ["kern", "liga", "mark", "mkmk", "ccmp", "locl", "tnum"]
WEIGHTS = (300, 600)
"""The lightest and the boldest, as in static/portal/base.css."""
FAMILY_NAME_IDS = {1, 3, 4, 6, 16}


class FontFinder(BaseFinder):
    """Provides the font to ``collectstatic`` and to the development server."""

    def __init__(self, app_names: Any = None, *args: Any, **kwargs: Any) -> None:
        # Not in the checkout, which the service's user may be unable to write.
        lightest, boldest = WEIGHTS  # in the name, so that a font of other weights is not served
        location = settings.PORTAL_DATA / "fonts" / f"{lightest}-{boldest}"
        self.storage = FileSystemStorage(location=location)

    def check(self, **kwargs: Any) -> list[Any]:
        """Return no messages: there is nothing to misconfigure."""
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Return the font's path on disk if ``path`` is the font's, else an empty list."""
        if path != SERVED_AS:
            return []
        found = str(self._made())
        return [found] if find_all else found

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        """Yield the font, creating it first if missing."""
        self._made()
        yield SERVED_AS, self.storage

    def _made(self) -> Path:
        target = Path(self.storage.path(SERVED_AS))
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            make_small(packaged_font(), target)
        return target


def packaged_font() -> Path:
    """Return the upright variable font of the installed font package."""
    spec = importlib.util.find_spec("fontpkg_source_sans_3")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("fontpkg-source-sans-3 is not installed")
    return Path(spec.origin).parent / "files" / "SourceSans3[wght].ttf"


def make_small(source: Path, target: Path) -> None:
    """Write the Latin subset of ``source`` in `WEIGHTS` to ``target`` as WOFF2, atomically."""
    # These take 0.2 s, and each command that checks the finders comes here.
    from fontTools import subset
    from fontTools.varLib import instancer

    options = subset.Options(flavor="woff2", layout_features=FEATURES)
    font = subset.load_font(str(source), options)
    for record in font["name"].names:
        if record.nameID in FAMILY_NAME_IDS:
            record.string = "Portal Sans"
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=LETTERS)
    subsetter.subset(font)
    instancer.instantiateVariableFont(font, {"wght": WEIGHTS}, inplace=True)
    partial = target.with_suffix(".partial")
    subset.save_font(font, str(partial), options)
    font.close()
    partial.replace(target)
