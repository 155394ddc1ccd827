"""Reading an ID token: decryption with our key, then the provider's signature."""

from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from accounts.identification.identity import NotIdentified
from accounts.identification.oidc.discovery import Discovery
from accounts.identification.oidc.keys import SIGNATURES, OurKeys

# RFC 7516 §3.1: an encrypted token has five parts; RFC 7515 §3.1: a signed one has three.
DOTS_OF_ENCRYPTED = 4


def read_id_token(token: str, discovery: Discovery, keys: OurKeys | None) -> dict[str, Any]:
    """Return the claims of a token after verifying the provider's signature and nothing else.

    Raises NotIdentified if it cannot be decrypted, is not encrypted although the provider has our
    key for that, or has no valid signature; Unavailable if the provider's keys cannot be fetched.
    """
    must = keys is not None and keys.decrypt_tokens
    if must != (token.count(".") == DOTS_OF_ENCRYPTED):
        raise NotIdentified("not encrypted" if must else "encrypted, and no key")
    try:
        signed = keys.decrypted(token) if keys and must else token
        kid = jws.extract_compact(signed.encode()).headers().get("kid", "")
        rules = jws.JWSRegistry(algorithms=SIGNATURES, strict_check_header=False)
        return dict(jwt.decode(signed, discovery.key(str(kid)), registry=rules).claims)
    except (JoseError, ValueError) as error:
        raise NotIdentified(type(error).__name__) from error
