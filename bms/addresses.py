"""The one rule for e-mail addresses: what is registered can be mailed, and equal addresses are found equal.

The part before the @ is ASCII, as few mail servers take anything else (RFC 6531). The domain may be written
in any script; mail goes to its ASCII form (IDNA).
"""

from typing import NamedTuple

import email_validator

MAX_ADDRESS = 254  # characters: RFC 5321, section 4.5.3.1.3, less the brackets

# Mail servers inside an organisation use such domains; whether one exists, the mail server says.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


class Address(NamedTuple):
    """An address as people write it, and as mail is addressed to it."""

    text: str
    ascii: str


def parse_address(text: str) -> Address:
    """Return the address that ``text`` is. Raises ValueError, with a sentence, if no mail can go there."""
    if len(text) > MAX_ADDRESS:
        raise ValueError(f"Longer than {MAX_ADDRESS} characters.")
    if "=?" in text:  # mail software takes what follows for an encoded word
        raise ValueError("Not a valid email address.")
    try:
        found = email_validator.validate_email(
            text, check_deliverability=False, allow_smtputf8=False, strict=True
        )
    except email_validator.EmailNotValidError:
        raise ValueError("Not a valid email address.") from None
    if found.ascii_email is None or len(found.ascii_email) > MAX_ADDRESS:
        raise ValueError("Not a valid email address.")
    # As it was typed, unless its domain has several forms in Unicode.
    return Address(text if text.isascii() else found.normalized, found.ascii_email)


def fold_address(text: str) -> str:
    """Return ``text`` as the unique column has it: addresses that differ in case or script only are one."""
    if text.isascii():
        return text.casefold()  # All that could be found in it: its ASCII form is itself.
    try:
        return parse_address(text).ascii.casefold()
    except ValueError:
        return text.casefold()  # as an account from before this rule may have it
