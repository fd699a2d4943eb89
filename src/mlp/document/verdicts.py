"""What a comparison of a report with what is here can come to."""

from collections.abc import Iterable

SAME, ALIKE, DIFFERS, UNCHECKED = "same", "alike", "differs", "cannot be told"
Verdict = tuple[str, str]  # one of these four, and on what


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """Give 0 for the same report, 1 for another one, 3 if that cannot be told."""
    found = {verdict for verdict, _ in verdicts}
    return 1 if DIFFERS in found else 3 if UNCHECKED in found else 0
