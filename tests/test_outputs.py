"""Output files that appear whole or not at all."""

import errno
import os

import pytest

from mlp.outputs import replacing, write_csv


def test_rows_are_written_with_all_digits(tmp_path):
    write_csv(tmp_path / "new" / "table.csv", [{"a": 0.1 + 0.2, "b": "x,y"}])
    text = (tmp_path / "new" / "table.csv").read_bytes()
    assert text == b'a,b\n0.30000000000000004,"x,y"\n'


def test_a_failure_leaves_what_was_there(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")

    def write_half():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_ends_the_step_with_the_reason(tmp_path):
    (tmp_path / "file").write_text("no folder")
    path = tmp_path / "file" / "table.csv"
    with pytest.raises(SystemExit, match=rf"^{path} cannot be written: .*exists"):
        write_csv(path, [{"a": 1}])

    def meet_a_full_disk():
        with replacing(tmp_path / "table.csv") as temporary:
            temporary.write_text("half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(SystemExit, match=r"table\.csv cannot be written: .*No space"):
        meet_a_full_disk()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
