#!/usr/bin/env python3
"""Django's command line; `./portal manage …` sets up what it needs and passes through to it."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
    os.environ.setdefault("PORTAL_PROCESS", "manage")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
