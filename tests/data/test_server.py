"""Downloads from a server on this machine that answers as servers do: well, badly, half, too much, or not at all."""

import gzip
import hashlib
import socket
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from tiny_files import CLASSES, CONTENTS, IMAGES, LABELS, PIXELS, written

from liegg import data
from liegg.data import cifar10, files, idx

PACKED = {f"{name}.gz": gzip.compress(content) for name, content in CONTENTS.items()}
WHOLE = PACKED[f"{IMAGES}.gz"]
OTHER = written(np.flip(PIXELS))  # as long, of another data set


class Server(ThreadingHTTPServer):
    """Sends files by their names, but those of `answers` as these say; `asked` lists the requests."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.answers, self.asked, self.stop = dict(PACKED), {}, [], threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/"

    def handle_error(self, request, client_address):
        pass  # the reader hung up


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        name = self.path.rsplit("/", 1)[1]
        self.server.asked.append(name)
        self.close_connection = True
        send(self.server.files[name])(self) if name not in self.server.answers else self.server.answers[name](self)

    def log_message(self, *_):
        pass


def send(body, status=200, length=None, **headers):
    """An answer: the body, said to have `length` bytes, by default as many as it has; without any if that is 0."""

    def answer(handler):
        handler.send_response(status)
        known = len(body) if length is None else length
        for name, value in {**({"Content-Length": known} if known else {}), **headers}.items():
            handler.send_header(name.replace("_", "-"), str(value))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def endless(handler):
    send(b"")(handler)
    for _ in range(256):  # far more than is read, but no reader without bounds fills the disk
        handler.wfile.write(bytes(2**16))


def slow(handler):
    send(WHOLE[:100], length=len(WHOLE))(handler)
    handler.wfile.flush()
    handler.server.stop.wait(10)


def mute(handler):
    pass  # hangs up without a word


def babble(handler):
    handler.wfile.write(b"220 this is another kind of server\r\n\r\n")


CHUNKED = {"length": 0, "Transfer_Encoding": "chunked"}
HALF = WHOLE[: len(WHOLE) // 2]
PAGE = b"<!DOCTYPE html><html><body>Log in to the network of this hotel</body></html>"


def chunk(content):
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"


@pytest.fixture
def server(tiny, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    for name in ("IMAGES", "LABELS"):
        files.digests()[f"fashion-mnist/{globals()[name]}"] = hashlib.sha256(OTHER).hexdigest()
    with Server() as server:
        monkeypatch.setattr(idx, "URLS", dict.fromkeys(idx.URLS, server.url))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.stop.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def kept(tiny):
    """A function that lists the files in the data folder."""
    return lambda: sorted(path.name for path in (tiny[0] / "data").rglob("*") if path.is_file())


def read():
    return data.images("mnist", "test")


@pytest.mark.parametrize(
    "answer",
    [
        send(WHOLE),
        send(WHOLE, length=0),  # ends where the connection does
        send(chunk(HALF) + chunk(WHOLE[len(HALF) :]) + b"0\r\n\r\n", **CHUNKED),
    ],
    ids=["length", "no length", "chunked"],
)
def test_a_file_is_downloaded_checked_and_kept_and_not_fetched_again(server, kept, answer):
    server.answers[f"{IMAGES}.gz"] = answer
    for _ in range(2):
        x, y = read()
        assert np.array_equal((x[:, 0] * 255).round(), PIXELS) and y.tolist() == CLASSES.tolist()
    assert kept() == server.asked == [f"{IMAGES}.gz", f"{LABELS}.gz"]


def test_a_redirect_is_followed(server, kept):
    server.files["elsewhere"] = WHOLE
    server.answers[f"{IMAGES}.gz"] = send(b"", 302, Location="/deep/elsewhere")
    assert np.array_equal((read()[0][:, 0] * 255).round(), PIXELS)
    assert kept() == [f"{IMAGES}.gz", f"{LABELS}.gz"]


OFFLINE = rf"^{IMAGES}\.gz is neither in .*/mnist nor to be had from http://127.*{IMAGES}\.gz \(.*\): put the files of "
NOT_KEPT = rf"^what came from http://127.*{IMAGES}\.gz is "
ANSWERS = {
    "cut": (send(HALF, length=len(WHOLE)), ValueError, NOT_KEPT + "damaged, and is not kept: try again"),
    "cut, no length": (send(HALF, length=0), ValueError, NOT_KEPT + "damaged, and is not kept: try again"),
    "cut to nothing": (send(b"", length=len(WHOLE)), ValueError, NOT_KEPT + "damaged, and is not kept: try again"),
    "chunks cut": (send(chunk(HALF), **CHUNKED), FileNotFoundError, OFFLINE),
    "chunk cut": (send(b"ffff\r\n" + HALF, **CHUNKED), FileNotFoundError, OFFLINE),
    "chunks broken": (send(b"one\r\n" + HALF, **CHUNKED), FileNotFoundError, OFFLINE),
    "a page": (send(PAGE), ValueError, NOT_KEPT + "damaged, and is not kept: try again"),
    "other bytes": (send(gzip.compress(PAGE)), ValueError, "damaged, and is not kept: try again .*it holds 76 of 3936"),
    "other pixels": (send(gzip.compress(CONTENTS[IMAGES][:-1] + b"x")), ValueError, "not kept: try again .*sha256"),
    "too much": (send(gzip.compress(CONTENTS[IMAGES] + b"x")), ValueError, "not kept: try again .*more than 3936"),
    "another data set's": (send(gzip.compress(OTHER)), ValueError, NOT_KEPT + "fashion-mnist/.*not kept: try again"),
    "endless": (endless, FileNotFoundError, OFFLINE.replace(r"\(.*\)", r"\(it is larger than 1052512 bytes\)")),
    "404": (send(PAGE, 404), FileNotFoundError, OFFLINE.replace(r"\(.*\)", r"\(HTTP Error 404: Not Found\)")),
    "500": (send(PAGE, 500), FileNotFoundError, OFFLINE.replace(r"\(.*\)", r"\(HTTP Error 500: .*\)")),
    "slow": (slow, FileNotFoundError, OFFLINE.replace(r"\(.*\)", r"\(timed out\)")),
    "mute": (mute, FileNotFoundError, OFFLINE),
    "babble": (babble, FileNotFoundError, OFFLINE),
    "a ring": (send(b"", 302, Location=f"{IMAGES}.gz"), FileNotFoundError, OFFLINE),
    "to a file": (send(b"", 302, Location="file:///etc/passwd"), FileNotFoundError, OFFLINE),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_bad_answer_is_one_clear_line_and_nothing_is_kept(server, kept, monkeypatch, name):
    answer, kind, words = ANSWERS[name]
    server.answers[f"{IMAGES}.gz"] = answer
    urlopen = urllib.request.urlopen
    with pytest.raises(kind, match=words) as refused, monkeypatch.context() as patch:
        if answer is slow:
            patch.setattr(urllib.request, "urlopen", lambda url, timeout: urlopen(url, timeout=0.3))
        read()
    assert type(refused.value) is kind and "\n" not in str(refused.value) and ".part" not in str(refused.value)
    assert kept() == []
    server.answers.clear()  # the next time all is well
    assert np.array_equal((read()[0][:, 0] * 255).round(), PIXELS)


def test_without_a_network_files_at_hand_are_enough_and_others_are_asked_for(server, kept, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and does not listen
        monkeypatch.setattr(idx, "URLS", dict.fromkeys(idx.URLS, f"http://127.0.0.1:{closed.getsockname()[1]}/"))
        with pytest.raises(FileNotFoundError, match=OFFLINE.replace(r"\(.*\)", r"\(.*refused.*\)") + "mnist there, or"):
            read()
        assert kept() == []
        for name, packed in PACKED.items():
            (files.folder() / name).write_bytes(packed)
        assert np.array_equal((read()[0][:, 0] * 255).round(), PIXELS)


@pytest.mark.parametrize("there", [WHOLE, WHOLE[:-9]], ids=["good", "damaged"])
def test_a_file_that_is_there_is_neither_fetched_nor_overwritten(server, kept, there):
    path = files.folder() / f"{IMAGES}.gz"
    path.write_bytes(there)
    server.answers[f"{LABELS}.gz"] = send(PAGE)
    with pytest.raises(ValueError, match=r"labels.*try again" if there == WHOLE else rf"{path} is damaged: remove it"):
        read()
    assert path.read_bytes() == there and kept() == [f"{IMAGES}.gz"] and f"{IMAGES}.gz" not in server.asked


@pytest.mark.parametrize("harm", ["cut", "cut, no length", "checksum cut", "bit"])
def test_an_archive_is_kept_only_if_all_of_it_is_good(server, made, packed_archive, monkeypatch, harm):
    """What is wrong with it lies behind the member that is asked for."""
    root, contents = made
    whole = packed_archive(contents)
    flipped = bytearray(whole)
    flipped[-3000] ^= 16
    harmed = {"bit": bytes(flipped), "checksum cut": whole[:-9]}.get(harm, whole[:-2000])
    monkeypatch.setattr(cifar10, "URL", f"{server.url}cifar-10-binary.tar.gz")
    server.answers["cifar-10-binary.tar.gz"] = send(harmed, length=0 if "no length" in harm else len(whole))
    with pytest.raises(ValueError, match=r"^what came from .*\.tar\.gz is damaged, and is not kept: try again"):
        data.images("cifar10", "train", first=3)
    assert not list((root / "cifar10").iterdir())
    server.answers["cifar-10-binary.tar.gz"] = send(whole)
    assert data.images("cifar10", "train")[0].shape == (15, 3, 32, 32)
    assert [path.name for path in (root / "cifar10").iterdir()] == ["cifar-10-binary.tar.gz"]
