"""From a rendered template to a mail: the first line is the subject, the rest the body."""

import re


def subject_and_body(rendered: str) -> tuple[str, str]:
    """Return the subject and the body; parts a template left out leave no gaps behind."""
    subject, _line, body = rendered.strip().partition("\n")
    return subject.strip(), re.sub(r"\n{3,}", "\n\n", body.strip()) + "\n"
