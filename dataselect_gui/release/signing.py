"""Sign a bundle by Ed25519, and check such a signature.

The listing of all checksums is signed. The signature lies beside it with the public key. That shows a
damaged signature, and a rebuilt bundle to those who know the owner's key from elsewhere.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import _

SUMS, SIGNATURE = "SHA256SUMS", "SHA256SUMS.sig"
_CONTEXT = b"DataSelect bundle, format 1\n"
_LINES = re.compile(r"ed25519 ([0-9a-f]{64})\n([0-9a-f]{128})\n")


@dataclass(frozen=True)
class Signer:
    """A private key.

    Attributes
    ----------
    seed : bytes
        32 bytes that never leave the owner's machine.
    """

    seed: bytes

    def sign(self, message: bytes) -> tuple[bytes, bytes]:
        """Return the public key and the signature of a message; the same each time."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        key = Ed25519PrivateKey.from_private_bytes(self.seed)
        return key.public_key().public_bytes_raw(), key.sign(message)


def read_signer(path: Path) -> Signer:
    """Read a private key: PEM (PKCS #8) or OpenSSH, without a passphrase.

    Raises
    ------
    UnusableError
        Where the file holds no such key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        load_pem_private_key,
        load_ssh_private_key,
    )

    key: object = None
    try:
        stored = path.read_bytes()
        load = load_ssh_private_key if b"OPENSSH" in stored[:64] else load_pem_private_key
        key = load(stored, None)
    except Exception:  # A malformed file can raise any error in the library's parsers.
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise _bad_key(path, _("private"), "ssh-keygen -t ed25519 -N '' -f NAME")
    return Signer(key.private_bytes_raw())


def read_public(path: Path) -> bytes:
    """Read a public key (32 bytes): PEM, or a line of OpenSSH (NAME.pub).

    Raises
    ------
    UnusableError
        Where the file holds no such key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key, load_ssh_public_key

    key: object = None
    try:
        stored = path.read_bytes()
        load = load_ssh_public_key if stored.startswith(b"ssh-") else load_pem_public_key
        key = load(stored)
    except Exception:  # A malformed file can raise any error in the library's parsers.
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise _bad_key(path, _("public"), _("the owner's NAME.pub"))
    return key.public_bytes_raw()


def signature_of(bundle: Path, signer: Signer) -> str:
    """Return the content of the signature of a bundle; it is the same each time."""
    public, signature = signer.sign(_CONTEXT + (bundle / SUMS).read_bytes())
    return f"ed25519 {public.hex()}\n{signature.hex()}\n"


def signed_by(bundle: Path) -> bytes | None:
    """Return the public key of a bundle's signature.

    Returns
    -------
    bytes or None
        None where the signature is not valid for this bundle and the key that it names.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    lines = _LINES.fullmatch((bundle / SIGNATURE).read_bytes().decode("ascii", "replace"))
    if lines is None:
        return None
    public = bytes.fromhex(lines[1])
    try:
        key = Ed25519PublicKey.from_public_bytes(public)
        key.verify(bytes.fromhex(lines[2]), _CONTEXT + (bundle / SUMS).read_bytes())
    except (InvalidSignature, ValueError):
        return None
    return public


def is_signed(bundle: Path) -> bool:
    """Say whether a bundle has a signature at all."""
    return os.path.lexists(bundle / SIGNATURE)


def _bad_key(path: Path, kind: str, example: str) -> UnusableError:
    return UnusableError(
        _("“{name}” cannot be used as a key.", name=path.name),
        _("It is not a {kind} Ed25519 key in PEM or OpenSSH form without a passphrase.", kind=kind),
        _("Use {example}.", example=example),
    )
