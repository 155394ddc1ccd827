#!/usr/bin/env python3
"""Django's command line; `./portal manage …` sets up its environment and calls it."""

import os
import sys


def refuse_unreadable(arguments: list[str]) -> None:
    """Exit with words if an argument is not UTF-8, as all that is stored and shown is."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            import django

            django.setup()
            from certportal.foundation.management.operators import no_text

            sys.exit(no_text(os.fsencode(argument)))


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
    os.environ.setdefault("PORTAL_PROCESS", "manage")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import DatabaseError

    try:
        refuse_unreadable(sys.argv[1:])
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))  # a sentence for whoever set it
    except KeyboardInterrupt:
        sys.exit(130)
    except DatabaseError as error:
        from certportal.foundation.management.operators import words_of

        if (words := words_of(error)) is None:
            raise
        sys.exit(words)


if __name__ == "__main__":
    main()
