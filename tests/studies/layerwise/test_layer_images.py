"""Images in quadrants, shifted and turned: where they are, what they are called, and that nothing else changes."""

import pytest
import torch

from liegg.studies.layerwise import images


def test_a_digit_lies_in_the_quadrant_that_its_label_says():
    x, y, x_test, y_test = images.in_quadrants("digits", "digit and quadrant", images=60, held_out=30, side=16, seed=3)
    assert x.shape == (60, 1, 16, 16) and x_test.shape == (30, 1, 16, 16) and y_test.shape == (30,)
    quarters = x.unflatten(3, (2, 8)).unflatten(2, (2, 8)).amax((1, 3, 5)).flatten(1)  # (N, 4) largest value in each
    assert torch.equal(quarters.argmax(1), y // 10)
    assert set((y // 10).tolist()) == {0, 1, 2, 3}
    plain = images.in_quadrants("digits", "digit", images=60, held_out=30, side=16, seed=3)
    assert torch.equal(plain[0], x) and torch.equal(plain[1], y % 10)


def test_training_and_test_images_are_different_ones():
    x, _, x_test, _ = images.in_quadrants("digits", "digit", images=1437, held_out=360, side=16, seed=0)
    digits = lambda part: {
        image.unflatten(2, (2, 8)).unflatten(1, (2, 8)).amax((1, 3)).numpy().tobytes() for image in part
    }
    assert len(digits(x) & digits(x_test)) < 5  # canvases; the digits themselves are 1797 different ones


def test_moves_keep_labels_and_the_first_image_is_where_it_was():
    plain = images.moved("digits", "plain", images=20, held_out=20, side=16)
    for how in ("translated", "rotated"):
        again = images.moved("digits", how, images=20, held_out=20, side=16)
        assert torch.equal(plain[1], again[1]) and torch.equal(plain[3], again[3])
        assert not torch.allclose(plain[0], again[0]) and again[0].shape == plain[0].shape
        assert torch.equal(again[0], images.moved("digits", how, images=20, held_out=20, side=16)[0])


def test_resampling_by_whole_pixels_and_quarter_turns_is_a_roll_and_a_turn(monkeypatch):
    x = torch.zeros(1, 1, 14, 14)
    x[0, 0, 5:9, 4:9] = torch.rand(4, 5, generator=torch.Generator().manual_seed(0))
    monkeypatch.setattr(torch, "rand", lambda *shape, generator: torch.full(shape, 0.75))
    # 3/4 of the way from one end to the other: half of the largest translation, a quarter turn
    shift = images.FAR / 2 * 7
    assert shift == 2
    assert torch.allclose(images._resampled(x, "translated", 0), x.roll((-2, -2), (2, 3)), atol=1e-5)
    turned = images._resampled(x, "rotated", 0)
    assert torch.allclose(turned, x.rot90(1, (2, 3)), atol=1e-4) or torch.allclose(
        turned, x.rot90(-1, (2, 3)), atol=1e-4
    )


def test_augmentation_is_drawn_image_by_image():
    x = torch.rand(64, 3, 12, 12, generator=torch.Generator().manual_seed(0)) + 1
    seen = images.flipped_and_cropped(x, torch.Generator().manual_seed(1))
    assert seen.shape == x.shape
    found = 0
    for image, original in zip(seen, x):
        wide = torch.nn.functional.pad(original, (4,) * 4)
        crops = [w[:, i : i + 12, j : j + 12] for w in (wide, wide.flip(2)) for i in range(9) for j in range(9)]
        places = [k for k, crop in enumerate(crops) if torch.equal(crop, image)]
        assert len(places) == 1
        found |= 1 << places[0]
    assert found.bit_count() > 30


def test_a_canvas_is_reduced_by_means():
    whole, *_ = images.in_quadrants("digits", "digit", images=30, held_out=20, side=16, seed=0)
    half, *_ = images.in_quadrants("digits", "digit", images=30, held_out=20, side=8, seed=0)
    means = whole.unflatten(3, (8, 2)).unflatten(2, (8, 2)).mean((3, 5))
    slope = ((half - half.mean()) / (means - means.mean())).nan_to_num(1)
    assert torch.allclose(slope, slope.flatten()[0].expand_as(slope), rtol=1e-3)  # but for the standardisation
    with pytest.raises(ValueError, match="side 16 cannot be reduced to 32"):
        images.in_quadrants("digits", "digit", images=30, held_out=20, side=32, seed=0)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: images.in_quadrants("digits", "place", images=9, held_out=9, side=16, seed=0), 'unknown task "place"'),
        (lambda: images.moved("digits", "sheared", images=9, held_out=9, side=16), 'unknown move "sheared"'),
        (lambda: images.moved("svhn", "plain", images=9, held_out=9, side=16), 'unknown dataset "svhn"'),
        (lambda: images.moved("digits", "plain", images=2000, held_out=9, side=16), "2000 images are asked for"),
        (
            lambda: images.in_quadrants("digits", "digit", images=1700, held_out=200, side=16, seed=0),
            "1900 images are asked for, and digits has 1797",
        ),
    ],
)
def test_what_cannot_be_had(build, words):
    with pytest.raises(ValueError, match=words):
        build()
