"""`python -m bench.at_rest FILE SECONDS`: `manage.py serve` that writes the names of all its modules after SECONDS."""

from __future__ import annotations

import sys
import threading
from pathlib import Path


def main() -> None:
    file, seconds = Path(sys.argv[1]), float(sys.argv[2])
    timer = threading.Timer(seconds, lambda: file.write_text("\n".join(sorted(sys.modules))))
    timer.daemon = True
    timer.start()
    sys.argv[1:] = ["serve"]
    import manage

    manage.main()


if __name__ == "__main__":
    main()
