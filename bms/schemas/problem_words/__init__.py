"""What each problem means to who writes a program: when it comes and what to do.

The API says it in English. The site's pages have it in the reader's language; script/messages collects it.
"""

from collections.abc import Mapping

from bms.errors import BMSError
from bms.schemas.problem_words.callers import CALLERS
from bms.schemas.problem_words.requests import REQUESTS
from bms.schemas.problem_words.sales import SALES
from bms.schemas.problem_words.states import STATES
from bms.schemas.problem_words.words import Words

WORDS: Mapping[type[BMSError], Words] = {**REQUESTS, **CALLERS, **SALES, **STATES}
# The same by code, in alphabetical order.
KINDS: Mapping[str, type[BMSError]] = {kind.code: kind for kind in sorted(WORDS, key=lambda kind: kind.code)}
