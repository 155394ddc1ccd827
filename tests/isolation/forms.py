"""Reading the forms of a page as a browser would, to send them as they stand."""

from html.parser import HTMLParser


class Form(HTMLParser):
    """The fields of a page's forms with their values; boxes ticked, the first choices chosen."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.names: set[str] = set()
        self._select = self._area = ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        """Take what the field would send."""
        known = dict(attributes)
        name = known.get("name") or ""
        if tag in {"input", "select", "textarea", "button"} and name:
            self.names.add(name)
        if tag == "input" and name and known.get("type") != "file":
            chosen = known.get("type") not in {"radio", "checkbox"} or "checked" in known
            if chosen or name not in self.fields:
                self.fields[name] = known.get("value") or "on" * (not chosen)
        elif tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area = name
            self.fields[name] = ""
        elif tag == "option" and ("selected" in known or not self.fields.get(self._select)):
            self.fields[self._select] = known.get("value") or ""

    def handle_endtag(self, tag):
        """Leave the field."""
        if tag == "select":
            self._select = ""
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data):
        """Take the text of a text area."""
        if self._area:
            self.fields[self._area] += data
