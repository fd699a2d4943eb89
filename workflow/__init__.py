"""What the rules need besides the steps themselves.

A file of the user's beside the Snakefile, such as random.py, is imported for no module
of Python: the folder that this package is in comes last.
"""

import sys
from pathlib import Path

sys.path.sort(key=lambda folder: Path(folder).resolve() == Path(__path__[0]).parent)
