"""Reading the forms of a page as a browser would, to send them as they stand."""

from html.parser import HTMLParser
from urllib.parse import urlsplit


class Form(HTMLParser):
    """The fields of a page's forms with their values: boxes ticked, first choices, some words.

    If a place is given, only of the forms that are posted to it.
    """

    def __init__(self, page: str, place: str | None = None) -> None:
        super().__init__()
        self.place = place
        self.fields: dict[str, list[str]] = {}
        self.names: set[str] = set()
        self.empty: set[str] = set()
        self._select = self._area = ""
        self._is_wanted = True
        self.feed(page)
        for name in self.empty:
            if self.fields.get(name) == [""]:
                self.fields[name] = ["Perusteltu syy."]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Take what the field would send."""
        known = dict(attributes)
        if tag == "form" and self.place is not None:
            goes = urlsplit(known.get("action") or self.place).path
            self._is_wanted = known.get("method") == "post" and goes == urlsplit(self.place).path
        name = (known.get("name") or "") if self._is_wanted else ""
        if tag in {"input", "select", "textarea", "button"} and name:
            self.names.add(name)
        if tag == "input" and name and known.get("type") != "file":
            kind, value = known.get("type"), known.get("value")
            if kind == "checkbox":
                self.fields.setdefault(name, []).append(value or "on")
            elif kind != "radio" or "checked" in known or name not in self.fields:
                self.fields[name] = [value or ""]
        elif tag == "select":
            self._select = name
        elif tag == "textarea" and name:
            self._area = name
            self.empty.add(name)
            self.fields[name] = [""]
        elif tag == "option" and self._select:
            if "selected" not in known and any(self.fields.get(self._select, [])):
                return
            self.fields[self._select] = [known.get("value") or ""]

    def handle_endtag(self, tag: str) -> None:
        """Leave the field."""
        if tag == "form":
            self._is_wanted = True
        if tag == "select":
            self._select = ""
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        """Take the text of a text area."""
        if self._area:
            self.fields[self._area] = [self.fields[self._area][0] + data.removeprefix("\n")]
