"""What was measured, as a file: every kind of value comes back, and a broken file is no file."""

import numpy as np
import pytest

from liegg.reproduce import kept

CASES = [
    ({"n": 1, "kind": "a"}, {"numbers": [1, 2.5, None, True], "array": np.arange(6.0).reshape(2, 3)}),
    ({}, [np.array([], dtype=np.float32), "words, ü", {"deep": [np.array(3)]}]),
    ({"n": 2}, float("nan")),
]


def same(one, other):
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or (one != one and other != other)


def test_everything_comes_back(tmp_path):
    path = tmp_path / "folder" / "a.npz"
    kept.write(path, {"key": {"x": [1]}, "commit": "c"}, CASES)
    again = kept.read(path)
    assert kept.header(path) == {"key": {"x": [1]}, "commit": "c"}
    assert len(again) == 3 and all(case == c and same(v, w) for (case, v), (c, w) in zip(CASES, again))
    assert [p.name for p in path.parent.iterdir()] == ["a.npz"]


def test_what_cannot_be_kept_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "a.npz"
    kept.write(path, {"n": 1}, CASES)
    with pytest.raises(TypeError):
        kept.write(path, {"n": 2}, [({}, object())])
    assert kept.header(path) == {"n": 1}


@pytest.mark.parametrize("broken", [b"", b"PK\x03\x04 cut", b"something else"])
def test_no_file_and_no_whole_file_have_no_header(tmp_path, broken):
    path = tmp_path / "a.npz"
    assert kept.header(path) is None
    path.write_bytes(broken)
    assert kept.header(path) is None


def test_a_damaged_file_has_no_header(tmp_path):
    """Bit by bit: what is damaged is no whole file, or it reads as it was."""
    path = tmp_path / "a.npz"
    kept.write(path, {"n": 1}, [({}, np.arange(200.0))])
    whole = path.read_bytes()
    damaged = 0
    for place in range(0, len(whole), 29):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
        if kept.header(path) is None:
            damaged += 1
        else:
            assert np.array_equal(kept.read(path)[0][1], np.arange(200.0))
    assert damaged > 10


def test_a_file_cut_short_has_no_header(tmp_path):
    path = tmp_path / "a.npz"
    kept.write(path, {"n": 1}, CASES)
    path.write_bytes(path.read_bytes()[:-100])
    assert kept.header(path) is None
