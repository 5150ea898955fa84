"""Data files of any bytes: what is read is exact, or refused in one line that names the file, in little memory."""

import gzip
import lzma
import tarfile
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_files import CONTENTS, IMAGES, LABELS, PIXELS

from liegg import data
from liegg.data import cifar10

SMALL_XZ = [{"id": lzma.FILTER_LZMA2, "dict_size": 2**16}]
PACKED = {
    "": bytes,
    ".gz": lambda content: gzip.compress(content, 1),
    ".xz": lambda content: lzma.compress(content, filters=SMALL_XZ),
}
SUFFIX = st.sampled_from(list(PACKED))
ARCHIVE = "cifar-10-binary.tar.gz"
BATCH = cifar10.NAMES["train"][0]
MEMORY = 2**23


def exact_or_refused(path, written, read, exact):
    """Write a file and read it."""
    path.write_bytes(written)
    tracemalloc.start()
    try:
        x, y = read()
    except (ValueError, FileNotFoundError, PermissionError) as error:
        assert type(error) in (ValueError, FileNotFoundError, PermissionError)
        assert str(path) in str(error) and "\n" not in str(error)
    else:
        assert np.array_equal((x.numpy() * 255).round(), exact[0]) and y.tolist() == exact[1].tolist()
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < MEMORY


@pytest.fixture
def idx_file(tiny):
    """What reads images of five digits from bytes in a file with a suffix, beside their labels or the other way."""
    folder = tiny[0] / "data"
    exact = PIXELS[:, None], np.array([3, 1, 4, 1, 5])

    def check(written, suffix, name=IMAGES):
        for path in folder.iterdir():
            path.unlink()
        for other in {IMAGES, LABELS} - {name}:
            (folder / other).write_bytes(CONTENTS[other])
        exact_or_refused(folder / f"{name}{suffix}", written, lambda: data.images("mnist", "test"), exact)

    return check


@pytest.fixture
def cifar_file(made):
    """What reads three photographs from bytes in a file of that name."""
    root, contents = made
    records = np.frombuffer(contents[BATCH], np.uint8).reshape(3, -1)
    exact = records[:, 1:].reshape(3, 3, 32, 32), records[:, 0]

    def check(written, name):
        for path in root.iterdir():
            path.unlink()
        exact_or_refused(root / name, written, lambda: data.images("cifar10", "train", first=3), exact)

    return check


@st.composite
def harms(draw):
    """A function that harms bytes in one to three places, or none."""
    steps = draw(st.lists(st.tuples(st.sampled_from(list(HARMS)), st.floats(0, 1), st.binary(max_size=9)), max_size=3))

    def harmed(whole):
        for kind, where, some in steps:
            whole = HARMS[kind](whole, int(where * len(whole)), some)
        return whole

    return harmed


HARMS = {
    "cut": lambda whole, at, some: whole[:at],
    "behead": lambda whole, at, some: whole[at:],
    "flip": lambda whole, at, some: (
        whole[:at] + bytes(b ^ (1 << len(some) % 8) for b in whole[at : at + 1]) + whole[at + 1 :]
    ),
    "insert": lambda whole, at, some: whole[:at] + some + whole[at:],
    "overwrite": lambda whole, at, some: whole[:at] + some + whole[at + len(some) :],
    "omit": lambda whole, at, some: whole[:at] + whole[at + 1 + len(some) :],
    "repeat": lambda whole, at, some: whole[:at] + whole[at // 2 :],
    "twice": lambda whole, at, some: whole + whole,
    "trail": lambda whole, at, some: whole + some,
}
ANY = st.tuples(
    st.sampled_from([b"", b"\x1f\x8b", b"\x1f\x8b\x08\0\0\0\0\0\0\xff", b"\xfd7zXZ\0", b"\x5d\0\0", b"\0\0\x08\x03"]),
    st.binary(max_size=200),
).map(b"".join)


@settings(max_examples=150)
@given(written=ANY, suffix=SUFFIX, name=st.sampled_from([IMAGES, LABELS]))
def test_any_bytes_as_an_idx_file(idx_file, written, suffix, name):
    idx_file(written, suffix, name)


@settings(max_examples=400)
@given(harm=harms(), packed=SUFFIX, named=st.none() | SUFFIX, name=st.sampled_from([IMAGES, LABELS]))
def test_harmed_idx_files(idx_file, harm, packed, named, name):
    """Packed in one way, harmed, and named as if packed in this way, or in another."""
    idx_file(harm(PACKED[packed](CONTENTS[name])), packed if named is None else named, name)


@settings(max_examples=100)
@given(harm=harms(), packed=SUFFIX, name=st.sampled_from([IMAGES, LABELS]))
def test_harmed_idx_content_that_is_packed_well(idx_file, harm, packed, name):
    idx_file(PACKED[packed](harm(CONTENTS[name])), packed, name)


CIFAR_NAMES = st.sampled_from([f"{BATCH}{suffix}" for suffix in PACKED] + [ARCHIVE])


@settings(max_examples=100)
@given(written=ANY, name=CIFAR_NAMES)
def test_any_bytes_as_a_cifar_file(cifar_file, written, name):
    cifar_file(written, name)


@settings(max_examples=200)
@given(harm=harms(), packed=CIFAR_NAMES, named=st.none() | CIFAR_NAMES)
def test_harmed_cifar_files(cifar_file, made, packed_archive, harm, packed, named):
    whole = packed_archive(made[1]) if packed == ARCHIVE else PACKED[packed.removeprefix(BATCH)](made[1][BATCH])
    cifar_file(harm(whole), named or packed)


@settings(max_examples=100)
@given(harm=harms())
def test_a_harmed_archive_that_is_compressed_well(cifar_file, made, packed_archive, harm):
    cifar_file(gzip.compress(harm(packed_archive(made[1], "w:")), 1), ARCHIVE)


FIELDS = {
    "name": (0, 100),
    "size": (124, 12),
    "type": (156, 1),
    "link": (157, 100),
    "magic": (257, 8),
    "prefix": (345, 155),
}
MEMBER = f"{cifar10.FOLDER}/{BATCH}".encode()
VALUES = st.one_of(
    st.binary(max_size=13),
    st.sampled_from([bytes([kind]) for kind in b"01234567LKxgSVDMN\0"]),
    st.sampled_from(
        [b"7" * 11, b"0", b"-1", b"\x80" + bytes(10) + b"\1", b"\xff" * 12, MEMBER, b"../../out", b"/etc/passwd"]
    ),
)


def header(name, size, kind, link=""):
    member = tarfile.TarInfo(name)
    member.size, member.type, member.linkname = size, kind, link
    return member.tobuf(tarfile.GNU_FORMAT)


def edited(tar, number, field, value):
    """A tar with another value in the header of one of its files of three images, and the checksum put right."""
    at, (start, length) = number * 512 * (1 + -(-3 * cifar10.RECORD // 512)), FIELDS[field]
    block = bytearray(tar[at : at + 512])
    block[start : start + length] = value[:length].ljust(length, b"\0")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return tar[:at] + block + tar[at + 512 :]


@settings(max_examples=250)
@given(edits=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(list(FIELDS)), VALUES), min_size=1, max_size=3))
def test_an_archive_whose_headers_say_something_else(cifar_file, made, packed_archive, edits):
    tar = packed_archive(made[1], "w:")
    for edit in edits:
        tar = edited(tar, *edit)
    cifar_file(gzip.compress(tar, 1), ARCHIVE)


KEYS = ["path", "linkpath", "size", "mtime", "uid", "hdrcharset", "charset", "comment"]
SPARSE = ["map", "major", "minor", "size", "realsize", "name", "numblocks", "numbytes", "offset"]
RECORDS = st.lists(
    st.tuples(
        st.sampled_from(KEYS + [f"GNU.sparse.{key}" for key in SPARSE]),
        st.binary(max_size=9)
        | st.sampled_from([b"0", b"1", b"-1", b"9" * 30, b"inf", b"0,9219", b"BINARY", b"1e400", MEMBER]),
    ),
    max_size=3,
)


def pax(records, harm):
    """An extended header for the member behind it."""
    body = b"".join(b"%03d %s=%s\n" % (6 + len(key) + len(value), key.encode(), value) for key, value in records)
    body = harm(body)
    return header("pax", len(body), tarfile.XHDTYPE) + body.ljust(-(-len(body) // 512) * 512, b"\0")


@settings(max_examples=250)
@given(records=RECORDS, harm=harms(), sure=st.booleans())
def test_an_archive_with_any_extended_header(cifar_file, made, packed_archive, records, harm, sure):
    extended = pax(records, bytes if sure else harm)
    cifar_file(gzip.compress(extended + packed_archive(made[1], "w:"), 1), ARCHIVE)


DEEP = {
    "names in names": header("long", 5, tarfile.GNUTYPE_LONGNAME) + b"name".ljust(512, b"\0"),
    "headers in headers": pax([("comment", b"1")], bytes),
}
LINKS = [
    (MEMBER.decode(), f"{cifar10.FOLDER}/0"),
    *((f"{cifar10.FOLDER}/{i}", f"{cifar10.FOLDER}/{i + 1}") for i in range(400)),
]


@pytest.mark.parametrize("name", DEEP)
def test_an_archive_with_headers_without_end(cifar_file, made, packed_archive, name):
    cifar_file(gzip.compress(2000 * DEEP[name] + packed_archive(made[1], "w:"), 1), ARCHIVE)


@pytest.mark.parametrize("links", [[(MEMBER.decode(), BATCH)], LINKS], ids=["a ring", "a long chain"])
def test_an_archive_with_links_without_end(cifar_file, links):
    tar = b"".join(header(name, 0, tarfile.SYMTYPE, link.rsplit("/", 1)[-1]) for name, link in links)
    cifar_file(gzip.compress(tar + bytes(1024), 1), ARCHIVE)
