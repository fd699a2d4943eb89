"""Get the files of a data set from the first source that has them, whole and right.

A file counts only once its uncompressed bytes have the SHA-256 that the configuration
names, whatever container it came in and whatever the server called it.
"""

import errno
import gzip
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import requests
from pypi_simple import PYPI_SIMPLE_ENDPOINT, PyPISimple
from pypi_simple.errors import NoSuchProjectError
from tqdm import tqdm

from mlp.command import arguments
from mlp.records import digest

CONNECT_AND_READ_TIMEOUT = 30  # s without a byte
DOWNLOAD_TIMEOUT = 1800  # s for a whole file
CONTAINER_OVERHEAD = 2**20  # bytes that an archive may add to its contents
CHUNK = 2**16  # bytes
GZIP = b"\x1f\x8b"  # what its files begin with
WORK = ".download"  # the folder of what is not whole yet
CANNOT_WRITE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}  # whatever the source
UNREADABLE_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,  # a password, a compression that Python does not know
)


class SourceError(Exception):
    """What a source gave instead of the file."""


class File(NamedTuple):
    """A file of the data set."""

    name: str
    sha256: str  # of the uncompressed bytes
    bytes: int  # uncompressed
    path: Path  # where it goes


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `SourceError` in what takes longer; by a signal, so in the main thread.

    Between two bytes of a slow server requests gives no chance to look at a clock.
    """

    def give_up(*_: object) -> None:
        raise SourceError(f"it was not done after {seconds} s")

    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def download(
    url: str, path: Path, limit: int, session: requests.Session | None = None
) -> None:
    """Download at most `limit` bytes, with a progress bar on a terminal.

    Raises
    ------
    SourceError, requests.RequestException, OSError
        If the server does not send the file.
    """
    bar = tqdm(
        desc=url.rpartition("/")[2],
        total=limit,
        unit="B",
        unit_scale=True,
        disable=None,  # off where standard error is no terminal
        leave=False,  # a line more would break the display of --logger rich
    )
    with bar, path.open("wb") as file, time_limit(DOWNLOAD_TIMEOUT):
        get = (session or requests).get
        with get(url, stream=True, timeout=CONNECT_AND_READ_TIMEOUT) as answer:
            answer.raise_for_status()
            for chunk in answer.iter_content(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
                if file.tell() > limit:
                    raise SourceError("it sent more bytes than the file has")


def accept(path: Path, file: File, temporary: Path) -> None:
    """Copy what is in `path`, maybe gzipped, to the place of `file` if it is that file.

    Raises
    ------
    SourceError
        If it is anything else, which is read no further than that takes.
    """
    sha256 = hashlib.sha256()
    size, start = 0, b""
    with path.open("rb") as raw:
        gzipped = raw.read(2) == GZIP
    try:
        with (
            gzip.open(path) if gzipped else path.open("rb") as stream,
            temporary.open("wb") as copy,
        ):
            while size <= file.bytes and (chunk := stream.read(CHUNK)):
                start = start or chunk[:20]
                size += len(chunk)
                sha256.update(chunk)
                copy.write(chunk)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise SourceError(f"it gave a broken gzip file ({error})") from error
    if size != file.bytes or sha256.hexdigest() != file.sha256:
        more = "more than " if size > file.bytes else ""
        raise SourceError(
            f"it gave {more}{min(size, file.bytes)} bytes that begin with {start!r} "
            f"and have the SHA-256 {sha256.hexdigest()}; expected {file.bytes} bytes "
            f"with {file.sha256}"
        )
    os.replace(temporary, file.path)


def candidates(folder: Path, file: File) -> Iterator[Path]:
    """List what may be a file, whatever it is called; first what is called so."""
    named = [folder / file.name, folder / f"{file.name}.gz"]
    yield from (path for path in named if path.is_file())
    seen: set[str] = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        place = os.path.realpath(parent)
        folders[:] = [] if place in seen else sorted({*folders} - {WORK})
        seen.add(place)
        for path in (Path(parent, name) for name in sorted(names)):
            if path not in named and path.is_file() and file.bytes in sizes(path):
                yield path


def sizes(path: Path) -> Iterator[int]:
    """Give the size of a file, and what it says to have uncompressed if gzipped."""
    with suppress(OSError), path.open("rb") as file:
        gzipped = file.read(2) == GZIP
        yield file.seek(0, os.SEEK_END)
        if gzipped:
            file.seek(-4, os.SEEK_END)
            yield int.from_bytes(file.read(), "little")


def from_folder(folder: Path, files: list[File], work: Path) -> Iterator[File]:
    """Take files, gzipped or not, from a folder on this machine; yield each found."""
    if not folder.is_dir():
        raise SourceError("there is no such folder")
    for file in files:
        refused = ""
        for path in candidates(folder, file):
            try:
                accept(path, file, work / file.name)
            except (SourceError, PermissionError) as error:
                refused += f"; {path.relative_to(folder)}: {error}"
            else:
                yield file
                break
        else:
            raise SourceError(
                f"it has no file, gzipped or not, that is {file.name} by its "
                f"{file.bytes} bytes and their SHA-256 {file.sha256}{refused}"
            )


def from_mirror(url: str, files: list[File], work: Path) -> Iterator[File]:
    """Take files from a web server that has each under its own address; yield each."""
    for file in files:
        container = work / "container"
        download(url.format(file=file.name), container, file.bytes + CONTAINER_OVERHEAD)
        accept(container, file, work / file.name)
        yield file


def pip_settings() -> dict[str, str]:
    """Look up the settings of the user's pip, the environment before the files."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line.partition("=") for line in listed.stdout.splitlines()]
    return {
        name.partition(".")[2]: quoted.strip("'")
        for section in ("global.", "install.", ":env:.")  # the last counts most
        for name, _, quoted in lines
        if name.startswith(section)
    }


def from_package(source: dict, files: list[File], work: Path) -> Iterator[File]:
    """Take files out of an archive on the index that the user's pip asks; yield each.

    The members of the archive are told by their content; their names are not used.
    """
    settings = pip_settings()
    with PyPISimple(settings.get("index-url") or PYPI_SIMPLE_ENDPOINT) as index:
        if certificates := settings.get("cert"):
            index.s.verify = certificates
        if proxy := settings.get("proxy"):
            index.s.proxies = {"http": proxy, "https": proxy}
        try:
            page = index.get_project_page(
                source["package"], timeout=CONNECT_AND_READ_TIMEOUT
            )
        except NoSuchProjectError as error:
            raise SourceError(str(error)) from error
        urls = [p.url for p in page.packages if p.filename == source["archive"]]
        if not urls:
            raise SourceError(f"the index has no file {source['archive']}")
        archive = work / "container"
        limit = sum(file.bytes for file in files) + CONTAINER_OVERHEAD
        download(urls[0].partition("#")[0], archive, limit, index.s)
    if (found := digest(archive)) != source["sha256"]:
        raise SourceError(
            f"{source['archive']} has the SHA-256 {found}, expected {source['sha256']}"
        )
    unpacked = work / "unpacked"
    unpacked.mkdir(exist_ok=True)
    try:
        with zipfile.ZipFile(archive) as opened:
            for number, member in enumerate(opened.infolist()):
                if member.file_size in [file.bytes for file in files]:
                    copy = unpacked / str(number)
                    with opened.open(member) as stream, copy.open("wb") as target:
                        shutil.copyfileobj(stream, target)
    except UNREADABLE_ARCHIVE as error:
        raise SourceError(
            f"{source['archive']} is no zip file or wheel that can be read ({error})"
        ) from error
    yield from from_folder(unpacked, files, work)


def ask(source: dict, files: list[File], work: Path) -> Iterator[File]:
    """Take files from a source of any kind; yield each that is there."""
    if "folder" in source:
        return from_folder(Path(os.path.expanduser(source["folder"])), files, work)
    if "mirror" in source:
        return from_mirror(source["mirror"], files, work)
    return from_package(source, files, work)


def is_there(file: File) -> bool:
    """Tell whether a file is at its place, and right."""
    if not file.path.is_file() or file.path.stat().st_size != file.bytes:
        return False
    return digest(file.path) == file.sha256


def fetch(sources: list[dict], files: list[File]) -> None:
    """Ask the sources in turn until every file is there; keep those that are.

    Parameters
    ----------
    sources : list of dict
        ``{"folder": path}``, ``{"mirror": URL with {file}}`` or
        ``{"package": project, "archive": file name, "sha256": digest}``.
    files : list of File

    Raises
    ------
    SourceError
        If none is left, with what each source answered.
    OSError
        If the files cannot be written.
    """
    answers = []
    missing = [file for file in files if not is_there(file)]
    if not missing:
        return
    work = files[0].path.parent / WORK
    shutil.rmtree(work, ignore_errors=True)  # left by a run that was killed
    work.mkdir(parents=True)
    try:
        for source in sources:
            name = source.get("folder") or source.get("mirror") or source["package"]
            try:
                for file in ask(source, list(missing), work):
                    missing.remove(file)
                    print(f"{name}: gave {file.name}")
            except (SourceError, OSError, ValueError) as error:
                if getattr(error, "errno", None) in CANNOT_WRITE:
                    raise
                answers.append(f"{name}: {error}")
                print(answers[-1])
            if not missing:
                return
    finally:
        shutil.rmtree(work)
    names = ", ".join(file.name for file in missing)
    if "folder" in sources[0]:
        raise SourceError(f"dataset.folder does not give {names}:\n  {answers[0]}")
    raise SourceError(
        "\n".join(
            [
                f"No source in dataset.sources of config.yaml gave {names}:",
                *(f"  {answer}" for answer in answers),
                "If you have the files, name their folder in dataset.folder.",
            ]
        )
    )


def main() -> None:
    """Get the files that a configuration describes."""
    options = arguments(__doc__, sources=json.loads, files=json.loads, outputs=[Path])
    files = [
        File(path=path, **description)
        for path, description in zip(options.outputs, options.files, strict=True)
    ]
    try:
        fetch(options.sources, files)
    except SourceError as error:
        raise SystemExit(str(error)) from None
    except OSError as error:
        folder = files[0].path.parent
        raise SystemExit(f"{folder} cannot be written to: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit("The download was interrupted.") from None


if __name__ == "__main__":
    main()
