"""OpenID Connect, as brokers of the Finnish Trust Network speak it.

The profile is Traficom's Recommendation 213/2023 S: client authentication by private_key_jwt,
signed authorisation requests, encrypted ID tokens. What a provider does not ask for is optional.
"""
