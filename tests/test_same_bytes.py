"""The same bytes anywhere; on another kind of processor, nearly the same numbers."""

from mlp.document.provenance import digest


def outputs(folder):
    return {
        str(path.relative_to(folder)): digest(path)
        for top in ("results", "report")
        for path in (folder / top).rglob("*")
        if path.is_file()
    }


def test_another_folder_and_environment_give_the_same_bytes(tiny, elsewhere):
    here, there = outputs(tiny), outputs(elsewhere)
    assert "report/report.pdf" in here
    assert "report/provenance.json" in here
    assert len(here) > 70
    assert (
        sorted(name for name in here | there if here.get(name) != there.get(name)) == []
    )


def test_no_output_names_the_folder(tiny):
    for name in outputs(tiny):
        assert str(tiny).encode() not in (tiny / name).read_bytes()
