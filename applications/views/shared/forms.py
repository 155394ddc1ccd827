"""What every form about an order carries, and how lists are narrowed."""

from datetime import date
from typing import Any

from applications.models import Application
from certportal.foundation.web.forms import Form, KeyField


class FilterForm(Form):
    """What narrows a list; nobody is told that its fields are optional."""

    never_optional = True


class VersionForm(Form):
    """The version of the order that the person saw."""

    version = KeyField()


class PartForm(VersionForm):
    """One part of the order: begins with what is saved, gives the values to save.

    `said`: what the clean-up made of the answers, to be told once they are saved.
    """

    def __init__(self, application: Application, *args: Any, today: date, **kwargs: Any) -> None:
        """Fill in what the order holds; `today` is the Finnish day that limits dates."""
        self.application = application
        self.today = today
        self.said: list[str] = []
        saved = self.saved() | {"version": application.version}
        super().__init__(*args, initial=saved, **kwargs)

    def saved(self) -> dict[str, Any]:
        """Return the present values of the form's fields."""
        names = [name for name in self.base_fields if hasattr(self.application, name)]
        return {name: getattr(self.application, name) for name in names if name != "version"}

    def values(self) -> dict[str, Any]:
        """Return the cleaned values to save, by field name."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}
