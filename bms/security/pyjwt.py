"""PyJWT without cryptography, of which BMS uses nothing: its tokens are signed with a secret (HS256).

Where another package has brought cryptography, PyJWT would load it for keys of other kinds: 9 MB of each
process.
"""

import sys

_NAME = "cryptography"

_is_missing = _NAME not in sys.modules
if _is_missing:
    sys.modules[_NAME] = None  # type: ignore[assignment]  # to whoever imports it: it is not installed
try:
    import jwt
finally:
    if _is_missing:
        del sys.modules[_NAME]

__all__ = ["jwt"]
