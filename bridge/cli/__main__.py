"""`python -m bridge.cli` is `remixture`."""

import sys

from bridge.cli import main

sys.exit(main())
