"""Where the time of the last runs went, by rule; what ``make profile`` prints.

Snakemake writes a file below ``benchmarks/`` for each job: ``RULE.tsv``, or one below
``RULE/`` where a rule has several.
"""

from pathlib import Path

import pandas as pd

FOLDER = Path("benchmarks")


def summarize(jobs: pd.DataFrame) -> pd.DataFrame:
    """Sum up the jobs of each rule, the longest first.

    Parameters
    ----------
    jobs : DataFrame
        One row a job: ``rule``, and of Snakemake's columns ``s``, the wall time in
        seconds, and ``max_rss``, the largest memory in MB.

    Returns
    -------
    DataFrame
        One row a rule: ``jobs``, ``total`` and ``mean`` seconds, their ``share`` of the
        time of all, and the ``memory`` of the largest job in MB.
    """
    rules = jobs.groupby("rule")
    table = rules.agg(
        jobs=("s", "size"),
        total=("s", "sum"),
        mean=("s", "mean"),
        memory=("max_rss", "max"),
    )
    table.insert(3, "share", table["total"] / table["total"].sum())
    return table.sort_values("total", ascending=False)


def main() -> None:
    """Print the table."""
    files = [f for f in sorted(FOLDER.rglob("*.tsv")) if f.stat().st_size]
    if not files:
        raise SystemExit(f"There is nothing in {FOLDER}/ yet; `make report` fills it")
    jobs = pd.concat(
        pd.read_csv(file, sep="\t", na_values="-").assign(
            rule=file.relative_to(FOLDER).parts[0].removesuffix(".tsv")
        )
        for file in files
    )
    print(
        summarize(jobs).to_string(
            formatters={
                "total": "{:.1f} s".format,
                "mean": "{:.2f} s".format,
                "share": "{:.0%}".format,
                "memory": "{:.0f} MB".format,
            },
            index_names=False,
        )
    )


if __name__ == "__main__":
    main()
