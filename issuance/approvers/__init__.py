"""What the passkey of a reviewer signs when they decide, and how that is verified.

Pure: web makes the challenge, the signing worker holds the answer against it. See
docs/decisions/approvers.md.
"""
