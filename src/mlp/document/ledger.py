"""The one way by which a number reaches the document, and the record of all of them."""

import json
import math
from collections.abc import Mapping
from functools import partialmethod
from typing import Any

import pandas as pd

from mlp.document.latex import Tex
from mlp.hyperparameters import Hyperparameters


class LedgerError(Exception):
    """A number that the results do not hold."""


class Ledger:
    """Prints cells of tables, and settings, and keeps record of each.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The results, by name.
    settings : mapping
        The configuration.

    Attributes
    ----------
    entries : list of dict
        One for each number printed: ``printed``, the digits as they stand in the
        document, the ``value`` behind them, and the ``table``, ``row`` and ``column``
        that it comes from, with the ``keys`` by which the row is known; for a setting,
        the table is ``config.yaml``.  The ``anchor`` is the name of its place in the
        PDF; None in a column that siunitx aligns.
    """

    def __init__(self, tables: Mapping[str, pd.DataFrame], settings: Mapping) -> None:
        self.tables = tables
        self.settings = settings
        self.entries: list[dict] = []
        self.known: dict[str, int] = {}  # how many first cells tell rows apart

    def rows(self, table: str, **where: object) -> list["Row"]:
        """Give the rows of a table in which the columns named have the values given."""
        selected = self.table(table)
        for column, value in where.items():
            selected = selected[self.column(table, column).loc[selected.index] == value]
        return [Row(self, table, int(index)) for index in selected.index]

    def row(self, table: str, **where: object) -> "Row":
        """Give the only such row.

        Raises
        ------
        LedgerError
            If there is none, or more than one.
        """
        rows = self.rows(table, **where)
        if len(rows) != 1:
            raise LedgerError(f"{len(rows)} rows of {table}.csv have {where}, not one")
        return rows[0]

    def largest(self, table: str, by: str, sign: int = 1, **where: object) -> "Row":
        """Give, of such rows, the first with the largest number in the column `by`."""
        rows = self.rows(table, **where)
        if not rows:
            raise LedgerError(f"no row of {table}.csv has {where}")
        return max(rows, key=lambda row: (row.is_number(by), sign * row.value(by)))

    smallest = partialmethod(largest, sign=-1)

    def table(self, name: str) -> pd.DataFrame:
        """Look up a table."""
        if name not in self.tables:
            raise LedgerError(f"there is no {name}.csv among {sorted(self.tables)}")
        return self.tables[name]

    def column(self, table: str, name: str) -> pd.Series:
        """Look up a column of a table."""
        columns = self.table(table)
        if name not in columns:
            raise LedgerError(f"{table}.csv has no column {name}: {list(columns)}")
        return columns[name]

    def setting(self, key: str) -> Tex:
        """Print a setting, a number or several, by the path of its key."""
        value: Any = self.settings
        for part in key.split("."):
            if not isinstance(value, Mapping) or part not in value:
                raise LedgerError(f"config.yaml has no key {key}")
            value = value[part]
        printed = []
        for each in value if isinstance(value, list) else [value]:
            digits = self.record(f"{each:.15g}", each, "config.yaml", key)
            printed.append(self.linked(r"\num{%s}", digits))
        return Tex(", ".join(printed))

    def record(
        self, printed: str, value: float, table: str, column: str, row: int = 0
    ) -> str:
        """Enter a number and give back its digits."""
        self.entries.append(
            {
                "printed": printed,
                "value": value,
                "table": table,
                "row": row,
                "keys": self.keys(table.removesuffix(".csv"), row),
                "column": column,
                "anchor": None,
            }
        )
        return printed

    def keys(self, table: str, row: int) -> dict:
        """Give the first cells of a row, as many as tell it from all others.

        All hyperparameters are among them, since runs of others are there as well.
        """
        if table not in self.tables:
            return {}
        cells = self.tables[table]
        if table not in self.known:
            last = Hyperparameters._fields[-1]
            least = cells.columns.get_loc(last) + 1 if last in cells else 1
            counts = range(least, len(cells.columns))
            telling = (n for n in counts if not cells.iloc[:, :n].duplicated().any())
            self.known[table] = next(telling, 0)
        return json.loads(cells.iloc[row, : self.known[table]].to_json())

    def linked(self, form: str, *digits: str) -> Tex:
        """Link the numbers entered last to their table; a dash where there is none."""
        printed = list(filter(None, digits))
        if not printed:
            return Tex("--")
        anchor = len(self.entries) - 1
        for entry in self.entries[-len(printed) :]:
            entry["anchor"] = f"number.{anchor}"
        text = form % " +- ".join(printed)
        return Tex(rf"\sourced{{{anchor}}}{{{self.entries[-1]['table']}}}{{{text}}}")


class Row:
    """A row of a table, whose cells can be printed but not computed with."""

    def __init__(self, ledger: Ledger, table: str, index: int) -> None:
        self.ledger = ledger
        self.table = table
        self.index = index

    def value(self, column: str) -> float:
        """Look up a number."""
        # float, as a cell may be a number in a column that also holds words
        return float(self.ledger.column(self.table, column)[self.index])

    def digits(self, column: str, digits: int | str = 3, scale: float = 1) -> str:
        """Round a number; `digits` after the point, or a format such as ``"g"``."""
        value = self.value(column)
        if not math.isfinite(value):
            return ""
        form = f".{digits}f" if isinstance(digits, int) else digits
        if value == 0 and form.endswith("e"):
            form = ".0f"  # a zero has no digits that a power of ten could show
        printed = f"{scale * value:{form}}"
        if float(printed) == 0:
            printed = printed.removeprefix("-")
        return self.ledger.record(
            printed, value, f"{self.table}.csv", column, self.index
        )

    def number(self, column: str, digits: int | str = 3, scale: float = 1) -> Tex:
        """Print a number; a dash where there is none."""
        return self.ledger.linked(r"\num{%s}", self.digits(column, digits, scale))

    def percent(self, column: str, digits: int = 2) -> Tex:
        """Print a share in per cent."""
        printed = self.digits(column, digits, scale=100)
        return self.ledger.linked(r"\qty{%s}{\percent}", printed)

    def cell(self, column: str, digits: int | str = 3, scale: float = 1) -> Tex:
        """Print the bare digits, for a column of a table that siunitx aligns."""
        return Tex(self.digits(column, digits, scale) or "{--}")

    def text(self, column: str) -> str:
        """Print words."""
        return str(self.ledger.column(self.table, column)[self.index])

    def index_of(self, column: str) -> int:
        """Give a class, as the index of its name."""
        return int(self.value(column))

    def is_number(self, column: str) -> bool:
        """Tell whether there is a finite number, rather than words."""
        try:
            return math.isfinite(self.value(column))
        except ValueError:
            return False

    def told(self) -> Tex:
        """Print the difference of a comparison, its interval, and its n."""
        metric = self.text("metric")
        unit, digits, scale = "nats", "#.2g", 1.0
        if "accuracy" in metric or metric in ("misfit", "saturated"):
            unit, digits, scale = "percentage points", ".2f", 100.0
        elif metric.startswith("ln "):
            unit, digits = "as the natural logarithm of their ratio", ".2f"
        elif metric.startswith("log10 "):
            unit, digits = "as the decimal logarithm of their ratio", ".2f"
        n = self.number("n", 0)
        if not self.is_number("low"):
            return Tex(rf"($n = {n}$)")
        printed = []
        for name in ("difference", "low", "high"):
            value = scale * self.value(name)
            small = 1e-12 < abs(value) < 0.005  # which two decimals would call 0
            printed.append(self.number(name, "#.2g" if small else digits, scale))
        difference, low, high = printed
        return Tex(rf"({difference} {unit}, {low} to {high}, $n = {n}$)")

    def spread(self, metric: str, digits: int = 3, scale: float = 1) -> Tex:
        """Print mean and standard deviation of a metric."""
        mean = self.digits(f"{metric}_mean", digits, scale)
        std = self.digits(f"{metric}_std", digits, scale)
        return self.ledger.linked(r"\num{%s}", mean, std)
