"""Links to the pages of this service, for mails.

They begin with ``BMS_PUBLIC_URL`` and with nothing that a request says, such as its Host: whoever sends the
request would choose where the link leads.
"""

from bms.errors import ConfigurationError


class Links:
    """Builds the links below ``origin``, the address under which people reach this service."""

    def __init__(self, public_url: str | None) -> None:
        """Raises ConfigurationError without a ``public_url``."""
        if public_url is None:
            raise ConfigurationError(
                "BMS_PUBLIC_URL is not set. It is the address under which people reach this service, such as "
                "https://tickets.example.org; the links in mails begin with it."
            )
        self.origin = public_url

    @property
    def is_secure(self) -> bool:
        """Whether people reach the service over TLS."""
        return self.origin.startswith("https://")

    def page(self, *parts: str) -> str:
        """Return the link to a page. Each part of its path consists of letters, digits, - and _."""
        for part in parts:
            if not part.isascii() or not part.replace("-", "a").replace("_", "a").isalnum():
                raise ValueError("a part of a link has other characters than letters, digits, - and _")
        return "/".join((self.origin, *parts))
