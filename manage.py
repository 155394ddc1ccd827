#!/usr/bin/env python3
"""Django's command line; `./portal manage …` sets up its environment and calls it."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
    os.environ.setdefault("PORTAL_PROCESS", "manage")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))  # a sentence for whoever set it


if __name__ == "__main__":
    main()
