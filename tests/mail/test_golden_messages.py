"""What people read in English, kept in files to the letter: each e-mail and each notification.

``BMS_UPDATE_GOLDEN=1`` rewrites the files, and fails wherever it had something to write.
"""

import os
from pathlib import Path

import pytest

from bms.announcements import Announcement
from bms.commands.messages.followers import FOLLOWERS
from bms.mail.messages import compose
from tests.kit.announced import ANNOUNCED, tell
from tests.kit.letters import ENGLISH, delivered, html_of, text_of

GOLDEN = Path(__file__).parent / "golden"


def shown(announcement: Announcement) -> str:
    """Return all that a person reads of an announcement."""
    telling = tell(announcement)
    message = compose(
        telling.kind,
        delivered(telling.payload),
        recipient="ana@example.org",
        sender="tickets@example.org",
        message_id="<1@example.org>",
        language=ENGLISH,
    )
    parts = {
        "notification": f"{telling.line and telling.line(ENGLISH)}\n",
        "subject": f"{message['Subject']}\n",
        "text": text_of(message),
        "html": html_of(message),
    }
    return "\n".join(f"===== {name}\n{text}" for name, text in parts.items())


@pytest.mark.parametrize("name", ANNOUNCED)
def test_it_reads_as_stored(name: str) -> None:
    text, path = shown(ANNOUNCED[name]), GOLDEN / f"{name}.txt"
    stored = path.read_text(encoding="utf-8") if path.exists() else None
    if stored != text and os.environ.get("BMS_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"{path.name} is rewritten: look at the diff, then run again without BMS_UPDATE_GOLDEN")
    assert text == stored


def test_every_kind_that_is_told_has_a_file_and_every_file_a_kind() -> None:
    assert {announcement.kind for announcement in ANNOUNCED.values()} == FOLLOWERS
    assert {path.stem for path in GOLDEN.iterdir()} == ANNOUNCED.keys()
