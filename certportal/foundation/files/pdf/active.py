"""Finding active content and embedded files in a PDF by examining each of its objects.

The input is qpdf's JSON (version 2): object streams are unpacked, names are plain text, strings
begin with `u:` or `b:`, and references are written `12 0 R`. Section numbers are of ISO 32000-2.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

type Objects = dict[str, dict[str, Any]]
type Dictionary = dict[str, Any]


class Finding(StrEnum):
    """Kinds of content for which a document is refused."""

    SCRIPT = "script"
    LAUNCH = "launch"
    REMOTE = "remote"
    SUBMIT = "submit"
    FILES = "files"
    XFA = "xfa"
    MEDIA = "media"


# 12.6.4: actions by their `/S`, wherever they stand.
ACTIONS = {
    "/JavaScript": Finding.SCRIPT,
    "/Launch": Finding.LAUNCH,
    "/GoToR": Finding.REMOTE,
    "/GoToE": Finding.REMOTE,
    "/SubmitForm": Finding.SUBMIT,
    "/ImportData": Finding.SUBMIT,
    "/Rendition": Finding.MEDIA,
    "/Movie": Finding.MEDIA,
    "/Sound": Finding.MEDIA,
    "/GoTo3DView": Finding.MEDIA,
    "/RichMediaExecute": Finding.MEDIA,
}
# Actions that stay within the document and the reader. An action in neither table is proprietary
# and is treated as a script.
HARMLESS = {"/GoTo", "/GoToDp", "/URI", "/Named", "/Hide", "/ResetForm", "/SetOCGState", "/Trans"}
# 12.6.3, 12.6.4.12: keys whose value is an action.
TRIGGERS = ("/A", "/PA", "/OpenAction", "/Next")
# 7.7.4, 12.3.5, 12.7.8: keys with one meaning in any dictionary.
KEYS = {
    "/JavaScript": Finding.SCRIPT,
    "/EmbeddedFiles": Finding.FILES,
    "/Collection": Finding.FILES,
    "/XFA": Finding.XFA,
    "/RichMediaContent": Finding.MEDIA,
}
# 12.5.6: annotations by their `/Subtype`; PostScript XObjects are programs for printers.
SUBTYPES = {
    "/RichMedia": Finding.MEDIA,
    "/Screen": Finding.MEDIA,
    "/Movie": Finding.MEDIA,
    "/Sound": Finding.MEDIA,
    "/3D": Finding.MEDIA,
    "/FileAttachment": Finding.FILES,
    "/PS": Finding.SCRIPT,
}
# Dictionaries without any of these keys, which are most, are skipped.
_TELLING = KEYS.keys() | {"/S", "/Subtype", "/EF", "/AA", "/Base", *TRIGGERS}
_FILES_OF_SPECIFICATION = {"/F", "/UF", "/DOS", "/Mac", "/Unix"}  # 7.11.3
_REFERENCE = re.compile(r"\d+ \d+ R")
# Blanks and control characters, which browsers leave out of an address (WHATWG URL, 4.4).
_LEFT_OUT = re.compile(r"[\x00-\x20]+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_SCHEMES = {"http", "https", "mailto", "tel"}
_SHARE = re.compile(r"\\|/[/\\]")


@dataclass(slots=True)
class Examination:
    """The findings; `acting`: names of objects that trigger any action, even a harmless one."""

    found: set[Finding] = field(default_factory=set)
    acting: set[str] = field(default_factory=set)


def examine(objects: Objects) -> Examination:
    """Examine all objects, even unreachable ones, which a reader that repairs files may use."""
    walk = _Walk(objects)
    for name, entry in objects.items():
        stream = entry.get("stream")
        if stream is not None:
            walk.stream(stream["dict"])
        for dictionary in _dictionaries(stream or entry):
            if not _TELLING.isdisjoint(dictionary):
                walk.dictionary(name, dictionary)
    return walk.result


def _dictionaries(value: Any) -> Iterator[Dictionary]:
    """Yield the value's dictionaries at any depth; iterative, so that deep nesting is safe."""
    waiting = [value]
    while waiting:
        container = waiting.pop()
        if isinstance(container, dict):
            yield container
            container = container.values()
        waiting.extend(each for each in container if isinstance(each, dict | list))


class _Walk:
    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self.result = Examination()

    def stream(self, of: Dictionary) -> None:
        """Find external streams (7.3.8.2), embedded files (7.11.4) and reference XObjects."""
        reference = self._value(of.get("/Ref"))  # 8.10.4: a page of another document
        if "/F" in of or (isinstance(reference, dict) and "/F" in reference):
            self.result.found.add(Finding.REMOTE)
        if self._value(of.get("/Type")) == "/EmbeddedFile":
            self.result.found.add(Finding.FILES)

    def dictionary(self, holder: str, entries: Dictionary) -> None:
        """Examine one dictionary; `holder`: the name of the object that contains it."""
        found = self.result.found
        found.update(finding for key, finding in KEYS.items() if key in entries)
        for key, known in (("/Subtype", SUBTYPES), ("/S", ACTIONS)):
            if (name := self._name(entries, key)) in known:
                found.add(known[name])
        if "/EF" in entries and self._holds_files(entries["/EF"]):
            found.add(Finding.FILES)
        address = entries.get("/URI" if self._name(entries, "/S") == "/URI" else "/Base")
        if not self._is_web(address):  # 12.6.4.8: `/Base` begins every address without a scheme
            found.add(Finding.REMOTE)
        for action in self._triggered(entries):
            self.result.acting.add(holder)
            if action not in ACTIONS and action not in HARMLESS:
                found.add(Finding.SCRIPT)

    def _triggered(self, entries: Dictionary) -> Iterator[str]:
        """Yield the `/S` names of the actions that the dictionary triggers."""
        candidates = [entries[key] for key in TRIGGERS if key in entries]
        more = self._value(entries.get("/AA"))  # 12.6.3: one action for each event
        if isinstance(more, dict):
            candidates += more.values()
        for candidate in map(self._value, candidates):
            for action in candidate if isinstance(candidate, list) else [candidate]:
                name = self._name(self._value(action), "/S")
                if name:
                    yield name

    def _holds_files(self, given: Any) -> bool:
        files = self._value(given)
        return isinstance(files, dict) and bool(files.keys() & _FILES_OF_SPECIFICATION)

    def _is_web(self, given: Any) -> bool:
        """Whether a URI is for the web, mail or telephone, and not for files or network shares."""
        text = self._value(given)
        if not isinstance(text, str):
            return True
        address = _LEFT_OUT.sub("", text.removeprefix("u:"))
        scheme = _SCHEME.match(address)
        if scheme:
            return scheme[1].lower() in _SCHEMES and not text.startswith("b:")
        return not _SHARE.match(address)

    def _name(self, entries: Any, key: str) -> str:
        """Return the dictionary's value for the key if it is a name, else the empty string."""
        value = self._value(entries.get(key)) if isinstance(entries, dict) else None
        return value if isinstance(value, str) and value.startswith("/") else ""

    def _value(self, given: Any) -> Any:
        """Return the value of a reference; None if it is dangling or circular."""
        for _step in range(8):
            if not (isinstance(given, str) and _REFERENCE.fullmatch(given)):
                return given
            entry = self.objects.get(f"obj:{given}", {})
            given = entry["stream"]["dict"] if "stream" in entry else entry.get("value")
        return None
