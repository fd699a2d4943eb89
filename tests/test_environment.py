"""What a user has set, and what of it reaches the steps: what is listed, no more."""

import errno
import fcntl
import os
import subprocess
import sys
import venv

import pytest

from tests.tools.project import copy_of_project, ran, snakemake
from tests.tools.small import report
from workflow import recovery
from workflow.environment import BUILD, FIXED, environment, install

NOWHERE = """BASH_ENV MATPLOTLIBRC PYTHONHOME PYTHONPATH PYTHONSTARTUP SNAKEMAKE_PROFILE
TEXINPUTS TEXMFHOME XDG_CACHE_HOME"""
HOSTILE = dict.fromkeys(NOWHERE.split(), "/nowhere") | {
    "BASH_ENV": "/nowhere/bashrc",
    "BASH_FUNC_python%%": "() { exit 3; }",
    "GIT_DIR": "/nowhere/.git",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2",
    "LANG": "en_US",
    "LC_ALL": "C",
    "LD_PRELOAD": "",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "NPY_DISABLE_CPU_FEATURES": "AVX2",
    "OMP_NUM_THREADS": "7",
    "OPENBLAS_CORETYPE": "Prescott",
    "PYTHONINSPECT": "1",
    "PYTHONIOENCODING": "latin-1",
    "PYTHONOPTIMIZE": "2",
    "PYTHONSAFEPATH": "1",
    "PYTHONWARNINGS": "error",
    "SHELLOPTS": "xtrace",
    "SOURCE_DATE_EPOCH": "1",
}
NEEDED = {
    "HTTPS_PROXY": "http://proxy:3128",
    "https_proxy": "http://proxy:3128",
    "no_proxy": "localhost",
    "REQUESTS_CA_BUNDLE": "/etc/ssl/ours.pem",
    "SSL_CERT_FILE": "/etc/ssl/ours.pem",
    "PIP_INDEX_URL": "https://index/simple",
    "PIP_CERT": "/etc/ssl/ours.pem",
    "PIP_CONFIG_FILE": "/etc/ours.conf",
    "XDG_CONFIG_HOME": "/home/me/.config",
    "LD_LIBRARY_PATH": "/opt/python/lib",
    "SLURM_CONF": "/etc/slurm.conf",
    "SLURM_JOB_ID": "1",
    "PATH": "/usr/bin",
    "HOME": "/home/me",
    "USER": "me",
    "TMPDIR": "/scratch",
}


def test_of_the_users_variables_those_pass_that_are_listed():
    assert environment(HOSTILE | NEEDED) == NEEDED | FIXED


def test_a_user_without_a_name_gets_one():
    assert environment({})["USER"] == str(os.getuid())


NO_FOLDER = "is a link to nowhere, which is not there: make that folder"


@pytest.mark.parametrize(
    ("link", "arguments", "message"),
    [
        ("data", "--configfile tests/tiny.yaml report", "there is no file report; put"),
        ("data", "--configfile=tiny.yml", "there is no file tiny.yml"),
        ("data", "", NO_FOLDER),
        ("results", "", NO_FOLDER),
    ],
)
def test_a_mistake_at_the_start_is_one_line(tmp_path, link, arguments, message):
    folder = copy_of_project(tmp_path / "project")
    (folder / link).symlink_to("nowhere")
    run = report(folder, *arguments.split())
    output, _ = run.communicate(timeout=60)
    assert run.returncode == 1
    assert message in output
    assert len(output.splitlines()) == 1


def test_a_disk_without_locks_is_no_obstacle(tmp_path, monkeypatch, capsys):
    def refuse(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.chdir(tmp_path)
    recovery.RUN.parent.mkdir()
    monkeypatch.setattr(fcntl, "flock", refuse)
    recovery.lock()
    said = ".snakemake/run.lock: No locks available; going on without a lock\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("fault", ["dangling", "other version", "empty", None])
def test_an_environment_that_does_not_work_is_made_anew(tmp_path, fault):
    folder = copy_of_project(tmp_path / "project")
    (folder / "requirements.txt").touch()
    venv.create(folder / ".venv", symlinks=True)
    (packages,) = folder.glob(".venv/lib/python*/site-packages")
    if fault is None:
        packages.rmdir()
        packages.symlink_to(os.path.dirname(os.path.dirname(pytest.__file__)))
    elif fault == "other version":
        packages.parent.rename(packages.parent.with_name("python3.8"))
    elif fault == "dangling":
        python = folder / ".venv" / "bin" / "python"
        python.unlink()
        python.symlink_to("/nowhere/python")
    (folder / ".venv" / "report").touch()
    here = {"PYTHONPATH": os.pathsep.join(sys.path), "PIP_TARGET": "/nowhere"}
    planned = ran(
        ["make", "--dry-run", "-j2", ".venv/report"],
        code=0,
        cwd=folder,
        env=os.environ | here,
    )
    assert ("Installing the Python packages" in planned.stdout) == (fault is not None)


def test_of_the_settings_of_pip_those_of_the_index_count(tmp_path, monkeypatch):
    settings = tmp_path / "pip.conf"
    settings.write_text(
        "[global]\ntarget = /nowhere\nindex-url = https://a/simple\ncert = /c.pem\n"
        "[install]\nprefix = /nowhere\nproxy = http://p:1\n"
    )
    monkeypatch.delenv("PIP_CERT", raising=False)
    refused = {f"PIP_{name}" for name in ("TARGET", "PREFIX", "ROOT", "USER", "PYTHON")}
    for name in refused:
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    monkeypatch.setenv("PIP_INDEX_URL", "https://b/simple")
    run, calls = subprocess.run, []

    def record(command, env, **options):
        calls.append((command[-1], env))
        return run(command if "list" in command else "true", env=env, **options)

    monkeypatch.setattr(subprocess, "run", record)
    install("requirements.txt")
    _, (built_with, _), (installed, of_pip) = calls
    assert (built_with, installed) == (BUILD, "requirements.txt")
    assert not refused & of_pip.keys()
    expected = {
        "PIP_CERT": "/c.pem",
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_INDEX_URL": "https://b/simple",
        "PIP_PROXY": "http://p:1",
    }
    assert expected.items() <= of_pip.items()


def test_a_run_starts_in_the_folder_of_the_project(tmp_path):
    folder = copy_of_project(tmp_path / "project")
    (tmp_path / "config.yaml").touch()
    run = snakemake(tmp_path, "--snakefile", "project/Snakefile", "--", "softmax")
    assert f"Start this with: snakemake --directory {folder}" in run.stderr + run.stdout
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("given", "expected"),
    [([], "report/report.pdf"), (["PDF='a \"b` .pdf"], "'a \"b` .pdf")],
)
def test_no_variable_stands_for_what_make_is_given(tmp_path, given, expected):
    folder = copy_of_project(tmp_path / "project")
    (folder / "src" / "mlp" / "document" / "verify.py").write_text(
        "import sys\nprint(sys.argv[1:])"
    )
    (folder / ".venv").symlink_to(sys.prefix)
    stamp = folder / "requirements.txt"
    os.utime(stamp, (0, 0))
    run = ran(
        ["make", "verify", *given],
        cwd=folder,
        env=os.environ | {"PDF": "evince", "REBUILD": "yes"},
    )
    assert run.stdout == f"{['--pdf', expected, '--rebuild', '']}\n", run.stderr
