"""Forms in which the same data is given as a file or as text."""

from contextlib import suppress
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.text import Truncator, format_lazy

from certportal.foundation.errors import Refused
from certportal.foundation.text.private_keys_in_text import without_private_keys
from certportal.foundation.web.forms import Form

MOST_NAME = 80


class FileOrText(Form):
    """A form whose fields `file` and `text` are two ways of giving the same data.

    `examines`: the view refuses and blocks a private key in what is given.
    """

    examines = False

    def is_examined(self, name: str) -> bool:
        """Return True for the text of a form that `examines`, unless the file is examined."""
        return self.examines and name == "text" and not self.cleaned_data.get("file")

    def keep_file(self) -> bool:
        """Show the chosen file in the empty text field, since a page cannot keep a file.

        Returns whether it is shown.
        """
        upload = None if "file" in self.errors else self.cleaned_data.get("file")
        if not upload or (self.data.get("text") or "").strip():
            return False
        upload.seek(0)
        text = self.as_text(upload.read())
        if text:
            self.retype(text=text)
        return bool(text)

    @property
    def file_name(self) -> str:
        """The name of the file, at most `MOST_NAME` characters of it; empty for text."""
        file = self.cleaned_data.get("file")
        return Truncator(file.name).chars(MOST_NAME) if file else ""

    def data_given(self) -> bytes:
        """Return the bytes of the file, or of the text if there is no file."""
        if file := self.cleaned_data.get("file"):
            return bytes(file.read())
        text: str = self.cleaned_data["text"]
        return text.encode()

    def as_text(self, data: bytes) -> str:
        """Return the file's content as it is shown in the text field; empty if it is not."""
        with suppress(UnicodeDecodeError):
            return without_private_keys(data.decode())
        return ""


class FileOrTextForm(FileOrText):
    """A form that needs a file or a text.

    `nothing`: a sentence that asks for one of the two; the hint of the first field, and the error
    if neither is given.
    """

    nothing: ClassVar[Promise]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Put `nothing` into the first field's hint; neither field is marked as optional."""
        super().__init__(*args, **kwargs)
        alternatives = [field for name, field in self.fields.items() if name in {"file", "text"}]
        alternatives[0].help_text = format_lazy("{} {}", self.nothing, alternatives[0].help_text)
        for field in alternatives:
            field.never_optional = True  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        given = found.get("file") or found.get("text")
        if not given and not {"file", "text"} & set(self.errors):
            self.add_error("file", str(self.nothing))
        return found

    def refuse(self, refusal: Refused) -> None:
        """Show why the services refuse the form, and the file that was given."""
        super().refuse(refusal)
        self.keep_file()
