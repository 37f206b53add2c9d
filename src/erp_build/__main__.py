"""`python -m erp_build`."""

import sys

from erp_build.cli import main

sys.exit(main())
