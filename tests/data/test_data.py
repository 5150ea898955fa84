"""Data sets by name: splits that do not mix."""

import pytest

from liegg import data


def test_splits_do_not_share_an_image():
    parts = [data.images("digits", split)[0] for split in ("train", "validation", "test")]
    assert [len(p) for p in parts] == [1437, 180, 180]
    seen = [{image.numpy().tobytes() for image in part} for part in parts]
    # scikit-learn's digits hold no two equal images
    assert sum(map(len, seen)) == 1797 == len(set.union(*seen))
    assert all(p.shape[1:] == (1, 28, 28) and p.min() >= 0 and p.max() <= 1 for p in parts)


@pytest.mark.parametrize(("name", "split", "word"), [("svhn", "train", "svhn"), ("digits", "dev", "dev")])
def test_unknown_names(name, split, word):
    with pytest.raises(ValueError, match=f'unknown .*"{word}"'):
        data.images(name, split)
