"""What must not lie readable in the database: sealed with keys derived from the operator's secret."""

import base64
import hmac
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Vault:
    """Seals phone numbers, and gives fingerprints by which sealed or secret things are found again.

    Both keys are derived (HKDF-SHA256) from `LINLI_SECRET_KEY`: whoever has the database alone reads no phone and
    cannot try out codes. A vault made without a secret refuses to work rather than to work without a key.
    """

    def __init__(self, secret: str = "") -> None:
        self._sealer = Fernet(base64.urlsafe_b64encode(_derived(secret, b"seal"))) if secret else None
        self._print_key = _derived(secret, b"print") if secret else b""

    def seal(self, words: str) -> str:
        """The words as text that only this key opens; "" stays "". Twice the same words are sealed differently."""
        if not words:
            return ""
        return self._open().encrypt(words.encode()).decode()

    def reveal(self, sealed: str) -> str | None:
        """What was sealed; None when another key sealed it."""
        if not sealed:
            return ""
        try:
            return self._open().decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def fingerprint(self, kind: str, words: str) -> str:
        """32 hex digits, the same for the same words of a kind; "" for ""."""
        if not words:
            return ""
        self._open()
        return hmac.new(self._print_key, f"{kind}\x00{words}".encode(), sha256).hexdigest()[:32]

    def _open(self) -> Fernet:
        if self._sealer is None:
            raise RuntimeError("the vault has no key")
        return self._sealer


def _derived(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"linli.vault." + purpose).derive(
        secret.encode()
    )
