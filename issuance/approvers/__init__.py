"""What the passkey of a reviewer signs when they decide, and how that is verified.

Pure: the web process makes the challenge, and the signing worker verifies the assertion of it. See
docs/decisions/approvers.md.
"""
