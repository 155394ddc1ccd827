"""The second factor of the authority's own people: an authenticator app, or passkeys.

The rows and the ceremonies are allauth.mfa's; pages, limits, replay and what is recorded are ours.
"""
