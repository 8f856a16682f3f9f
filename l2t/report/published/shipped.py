"""The thesis's tables, which ship, and the way from what `--against` is given to a published table."""

from pathlib import Path

from l2t.report.published.table import Published, read, read_claims

THESIS = "thesis"
"""Name of its tables, and of the recipe that runs their cells."""
FOLDER = Path(__file__).parent / THESIS


def published(name: str) -> Published:
    """The published numbers that `name` means: "thesis", or the path of a CSV file (`table.read`; ./thesis is a file).

    Raises UsageError for a file that is not there or not as it should be.
    """
    if name == THESIS:
        return Published(THESIS, "the thesis", read(FOLDER / "tables.csv"), read_claims(FOLDER / "comparisons.csv"))
    return Published(name, Path(name).name, read(Path(name)))
