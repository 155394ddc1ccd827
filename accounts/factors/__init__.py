"""The second factor of the authority's staff: an authenticator app, or passkeys.

Models and WebAuthn ceremonies are those of allauth.mfa; pages, rate limits, replay protection and
audit events are our own.
"""
