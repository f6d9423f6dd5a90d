"""Read the configuration and serve: the same as ``bms serve``."""

import sys

from bms.cli import main

if __name__ == "__main__":
    sys.exit(main(["serve", *sys.argv[1:]]))
