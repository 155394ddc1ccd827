"""The form of a page's search."""

from typing import Any

from certportal.foundation.web.forms import Form, SearchField, Words


class SearchForm(Form):
    """One field of search words, with a label and a hint.

    `options`: URL that returns suggestions for the words typed so far.
    """

    q = SearchField()

    def __init__(
        self, *args: Any, label: Words, help_text: Words = "", options: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["q"]
        field.label, field.help_text = label, help_text
        if options:
            field.widget.attrs["data-combobox"] = options

    @property
    def words(self) -> str:
        """The words that were typed; "" if there are none, or they are refused."""
        return str(self.cleaned_data["q"]) if self.is_valid() else ""
