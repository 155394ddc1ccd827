"""`./portal containers --soak MINUTES`: orders, uploads, revocations and questions meanwhile.

In the end it prints the figures, and fails for an error line in a log, a process that grows, work
that waits, an answer that was wrong or a count that differs.
"""

import os
import sys

import django


def main() -> None:
    """Soak, and end with 1 if something is wrong."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
    django.setup()
    from tests.containers.soak import soaking

    wrong = soaking.run(float(sys.argv[1]))
    for line in wrong:
        print(f"WRONG: {line}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
