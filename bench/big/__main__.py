"""``python -m bench.big``, which ``script/big`` runs."""

import argparse
import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.big.making import BIG, SMALL, Size, fill
from bench.big.questions import Question, Who, questions
from bench.big.report import Row, render
from bench.big.timing import Asker, NotAnswered, judge
from bench.machine import describe
from bench.run import say
from bench.serving import ServerFailed, bms_server, check_books
from bench.world import NotDurable, Site, access_token, make_accounts, open_site, scratch_parent

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "size.md"
WARM = 8  # requests before those that count: by then the server has made its plans for good
ROUNDS = 4
ASKED = 50  # requests of a round


class Unsound(Exception):
    """The books of a database that was made do not hold."""


class Served(NamedTuple):
    """A database that is served: where it is, and who asks it."""

    site: Site
    asker: Asker


def main(argv: Sequence[str] | None = None) -> int:
    """Make both databases, print how long the replies took, and return the exit status."""
    arguments = _parser().parse_args(argv)
    data_dir = arguments.kept or Path(tempfile.mkdtemp(prefix="bms-big-", dir=scratch_parent()))
    try:
        with (
            opened(data_dir / "small", SMALL) as small,
            opened(data_dir / "big", BIG, check=not arguments.no_check) as big,
        ):
            rows = measure(small.asker, big.asker, arguments)
            text = render(rows, describe(big.site))
    except (NotAnswered, NotDurable, ServerFailed, Unsound) as error:
        print(f"script/big: {error}", file=sys.stderr)
        return 1
    finally:
        if arguments.keep or arguments.kept:
            say(f"The data directory is {data_dir}")
        else:
            shutil.rmtree(data_dir, ignore_errors=True)
    print(text)
    if (arguments.rounds, arguments.asked, arguments.only) == (ROUNDS, ASKED, None):
        DOCUMENT.write_text(text)
        say(f"Written to {DOCUMENT}")
    return 0


@contextlib.contextmanager
def opened(data_dir: Path, size: Size, *, check: bool = True) -> Iterator[Served]:
    """Serve a database of ``size``, made unless it is there. Raises Unsound if its books do not hold."""
    kept = data_dir.exists()
    data_dir.mkdir(parents=True, exist_ok=True)
    with open_site(data_dir) as site:
        if not kept:
            make_accounts(site, len(Who) - 1)
            site.rows(
                f"UPDATE users SET role = 'EVENT_MANAGER' WHERE id = {list(Who).index(Who.MANAGER) + 1}"
            )
            began = time.monotonic()
            fill(site, size)
            say(f"{size.events:,} events are made, in {time.monotonic() - began:.0f} s")
        if check and (broken := check_books(data_dir)):
            raise Unsound(f"bms check: {broken}")
        tokens = {who: access_token(site, number, number) for number, who in enumerate(Who, 1)}
        with bms_server(data_dir) as server, contextlib.closing(Asker(server.url, tokens)) as asker:
            yield Served(site, asker)


def measure(small: Asker, big: Asker, arguments: argparse.Namespace) -> list[Row]:
    """Ask both databases, in turns so that what slows the machine slows both."""
    pairs = [
        (of_small, of_big)
        for of_small, of_big in zip(questions(SMALL), questions(BIG), strict=True)
        if arguments.only is None or arguments.only in of_big.name or of_big.name == "one event"
    ]
    times: dict[str, tuple[list[float], list[float]]] = {}
    for number in range(arguments.rounds):
        for pair in pairs:
            found = times.setdefault(_key(pair[1]), ([], []))
            for asker, question, samples in zip((small, big), pair, found, strict=True):
                if not number:
                    asker.ask(question, WARM)
                samples += asker.ask(question, arguments.asked)
    return [Row(question.who, question.name, *map(judge, times[_key(question)])) for _, question in pairs]


def _key(question: Question) -> str:
    return f"{question.who} {question.name}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="script/big",
        description="Makes a small and a large database and times every list, search and statistic of the "
        "API on both. A full run takes some minutes and writes docs/size.md.",
    )
    parser.add_argument("--only", metavar="WORDS", help="the questions whose name has these words")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"of requests ({ROUNDS})")
    parser.add_argument("--asked", type=int, default=ASKED, help=f"requests of a round ({ASKED})")
    parser.add_argument("--no-check", action="store_true", help="leave bms check of the large one out")
    parser.add_argument("--keep", action="store_true", help="do not remove the databases")
    parser.add_argument("--kept", type=Path, metavar="DIRECTORY", help="of databases that were kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
