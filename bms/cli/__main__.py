"""``python -m bms.cli``."""

import sys

from bms.cli import main

sys.exit(main())
