"""What a credential is for: signing in, signing tokens, or having tokens encrypted for it.

Page "Configure SAML-based single sign-on by using Microsoft Graph" for the password that belongs to a signing key: it
has the key's id, and both have the same customKeyIdentifier. Reference page "keyCredential": type AsymmetricX509Cert
and usage Verify make a certificate one that authenticates. Reference page "application": tokenEncryptionKeyId names a
key that tokens are encrypted for. Assumed: a credential does what it is for and nothing else, so that neither a signing
key's password nor an encryption certificate signs in.
"""

from dataclasses import replace
from typing import Final, TypeVar

from migrate.emulator.state.records import Application, KeyCredential, PasswordCredential, ServicePrincipal

CERTIFICATE: Final = "AsymmetricX509Cert"
Holder = Application | ServicePrincipal
H = TypeVar("H", Application, ServicePrincipal)


def is_for_signing(holder: Holder, password: PasswordCredential) -> bool:
    """Whether a password belongs to a signing key instead of being a client secret."""
    if password.signing_certificate is not None:
        return True
    signing = [key for key in holder.keys if key.usage == "Sign"]
    if any(key.key_id == password.key_id for key in signing):
        return True
    identifier = password.identifier
    return identifier is not None and any(key.identifier == identifier for key in signing)


def signs_in(holder: Holder, key: KeyCredential) -> bool:
    """Whether a key is a certificate that its holder authenticates with."""
    return key.type == CERTIFICATE and key.usage == "Verify" and key.key_id != holder.token_encryption_key_id


def settled(holder: H) -> H:
    """Let the choice of an active signing certificate fall away with the certificate."""
    if not isinstance(holder, ServicePrincipal):
        return holder
    chosen = holder.signing_certificate
    is_held = chosen is None or any(key.certificate == chosen for key in holder.keys)
    return holder if is_held else replace(holder, signing_certificate=None)
