"""Addresses of the pages that an answer may point at; personal ones are signed."""

from itsdangerous import BadSignature, URLSafeTimedSerializer


class Links:
    """Builds page addresses below `public_url` (no trailing slash), e.g. https://linli.example.org."""

    def __init__(self, public_url: str, secret: str) -> None:
        self.public_url = public_url.rstrip("/")
        self._signer = URLSafeTimedSerializer(secret, salt="linli.links")

    def fund(self, code: str, month: str = "") -> str:
        """The money page of a fund; `month` as YYYY-MM."""
        return f"{self.public_url}/r/funds/{code}" + (f"?month={month}" if month else "")

    def activity(self, code: str) -> str:
        return f"{self.public_url}/r/activities/{code}"

    def signed(self, path: str, person: str) -> str:
        """An address that carries who may open it."""
        return f"{self.public_url}{path}?key={self._signer.dumps([path, person])}"

    def who(self, path: str, key: str, max_age_s: int) -> str | None:
        """The person a signed address was made for; None when it is forged, foreign or too old."""
        try:
            signed_path, person = self._signer.loads(key, max_age=max_age_s)
        except (BadSignature, ValueError, TypeError):
            return None
        return str(person) if signed_path == path else None
