"""Makes the two files of a new migration, for ``bms new-migration``."""

import re
from pathlib import Path

from bms.errors import ConfigurationError
from bms.sql.yoyo.apply import IN_SOURCE_TREE, MIGRATIONS, read_directory

_NAME = re.compile(r"[a-z]+(_[a-z]+)+")
_NUMBER = re.compile(r"(\d{4})_")


def draft_migration(title: str, directory: Path = MIGRATIONS) -> tuple[Path, Path]:
    """Write the pair of files of a migration named by ``title`` and return their paths.

    Until somebody writes statements there, they can be neither applied nor rolled back. Raises
    ConfigurationError for a title that makes no name, a name that is taken, and outside a source tree.
    """
    if directory == MIGRATIONS and not IN_SOURCE_TREE:
        raise ConfigurationError(
            "Migrations are written in a source tree of BMS, and this is an installed one"
        )
    name = "_".join(title.lower().replace("_", " ").replace("-", " ").split())
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{title!r} is no name for a migration: two words or more are needed, such as "
            "'add category rank', of the letters a to z"
        )
    ids = [migration.id for migration in read_directory(directory)]
    taken = [one for one in ids if _NUMBER.sub("", one) == name]
    if taken:
        raise ConfigurationError(f"There is a migration of this name: {taken[0]}")
    number = 1 + max(int(found[1]) for one in ids if (found := _NUMBER.match(one)))
    path = directory / f"{number:04}_{name}.sql"
    back = path.with_name(f"{path.stem}.rollback.sql")
    sentence = f"{title.strip()[0].upper()}{title.strip()[1:]}".rstrip(".")
    for file, text in ((path, f"-- {sentence}.\n-- depends: {ids[-1]}\n\n"), (back, "")):
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    return path, back
