"""Runs the code cells of a notebook, unchanged and in their order: `python run_notebook.py PATH`."""

import json
import sys
from pathlib import Path


def main(path: Path) -> None:
    """Run the cells in one namespace, as a notebook's kernel does."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{path.name}, cell {number}", "exec"), namespace)  # noqa: S102 - AWS's


if __name__ == "__main__":
    main(Path(sys.argv[1]))
