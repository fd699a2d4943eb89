"""Where the time of the last runs went, by rule; what ``make profile`` prints.

Snakemake writes a file below ``benchmarks/`` for each job: ``RULE.tsv``, or one below
``RULE/`` where a rule has several.
"""

from pathlib import Path

import pandas as pd

FOLDER = Path("benchmarks")


def main() -> None:
    """Print a row a rule, the longest first."""
    files = [f for f in sorted(FOLDER.rglob("*.tsv")) if f.stat().st_size]
    if not files:
        raise SystemExit(f"There is nothing in {FOLDER}/ yet; `make report` fills it")
    jobs = pd.concat(
        pd.read_csv(file, sep="\t", na_values="-").assign(
            rule=file.relative_to(FOLDER).parts[0].removesuffix(".tsv")
        )
        for file in files
    )
    table = jobs.groupby("rule").agg(
        jobs=("s", "size"),
        total=("s", "sum"),
        mean=("s", "mean"),
        memory=("max_rss", "max"),  # of the largest job
    )
    table.insert(3, "share", table["total"] / table["total"].sum())
    formatters = {
        "total": "{:.1f} s".format,
        "mean": "{:.2f} s".format,
        "share": "{:.0%}".format,
        "memory": "{:.0f} MB".format,
    }
    table = table.sort_values("total", ascending=False)
    print(table.to_string(formatters=formatters, index_names=False))


if __name__ == "__main__":
    main()
