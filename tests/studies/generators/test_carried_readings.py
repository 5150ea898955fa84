"""What is said of a digit on its way: pure motions have known names, places and ends."""

import pytest
import torch

from liegg.studies.generators import carried_readings as readings
from liegg.studies.generators.carried import ACTION, FULL_TURN

DIRECTIONS = {
    "rotation": [0, -1, 0, 1, 0, 0],
    "scaling": [1, 0, 0, 0, 1, 0],
    "stretch": [1, 0, 0, 0, -1, 0],
    "shear": [0, 1, 0, 1, 0, 0],
    "shift right": [0, 0, 1, 0, 0, 0],
    "shift up left": [0, 0, -1, 0, 0, -1],
}
PURE = {
    name: torch.nn.functional.normalize(torch.tensor(v, dtype=torch.float64), dim=0) for name, v in DIRECTIONS.items()
}
TIMES = torch.arange(-2, 3).double() / 2
PLACES = {
    "rotation": [
        "turned 180° anticlockwise",
        "turned 90° anticlockwise",
        "turned 90° clockwise",
        "turned 180° clockwise",
    ],
    "scaling": ["scaled by 0.49", "scaled by 0.70", "scaled by 1.42", "scaled by 2.03"],
    "stretch": ["stretched by 0.49", "stretched by 0.70", "stretched by 1.42", "stretched by 2.03"],
    "shear": ["sheared by 0.49", "sheared by 0.70", "sheared by 1.42", "sheared by 2.03"],
    "shift right": [
        "shifted 14.0 pixels left",
        "shifted 7.0 pixels left",
        "shifted 7.0 pixels right",
        "shifted 14.0 pixels right",
    ],
}
ENDS = {
    "rotation": ("−180°", "180°"),
    "scaling": ("× 0.5", "× 2.0"),
    "stretch": ("× 0.5", "× 2.0"),
    "shift up left": ("14 pixels down right", "14 pixels up left"),
}


def times(name):
    return TIMES * (FULL_TURN if name == "rotation" else 1)


@pytest.mark.parametrize("name", PURE)
def test_pure_motions_have_their_names(name):
    mixed = PURE[name] + 0.5 * PURE["scaling"] - 0.3 * PURE["shift right"]
    assert readings.named(PURE[name]) == name == readings.named(mixed)


@pytest.mark.parametrize("name", PLACES)
def test_places_of_pure_motions(name):
    first, second, fourth, fifth = PLACES[name]
    assert readings.places(PURE[name], times(name)) == [first, second, "at rest", fourth, fifth]


@pytest.mark.parametrize("name", ENDS)
def test_ends_of_pure_motions(name):
    assert readings.ends(PURE[name], times(name)) == ENDS[name]


def measured(K=2):
    logits = torch.zeros(2, K, 5, 10)
    logits[1, 0, :3, 7] = logits[1, 1, 4:, 7] = 100
    directions = torch.stack([PURE["rotation"], PURE["scaling"]])
    change = torch.rand(3, K, 5, generator=torch.Generator().manual_seed(0)).double()
    return {
        "directions": directions,
        "times": torch.stack([times("rotation"), TIMES]),
        "change": change,
        "moved": change[:2],
        "logits": logits,
    }


def test_frames_are_the_digit_as_it_is_carried():
    digits = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    digit = digits[1:]
    rotation, scaling = readings.motions(measured(), digits, 1, torch.tensor([0.1, 1.0]))
    assert torch.allclose(rotation["frames"][2], digit[0, 0], atol=1e-5)
    assert torch.allclose(rotation["frames"][3], digit[0, 0].rot90(-1), atol=1e-4)  # clockwise
    assert torch.allclose(scaling["frames"][4], ACTION.act(PURE["scaling"], digit, 1.0)[0, 0])
    assert rotation["about"].endswith("rotation 1.00, scaling 0.00, stretches 0.00, translations 0.00.")
    assert rotation["said"][1].endswith("unrelated digits: 1.4. Read as 7 (100\u00a0%).")


def test_the_sentence_counts_what_is_read_right():
    of = measured()
    farthest = of["change"].mean(0).amax(-1)
    said = readings.told({"some digits": of}, 1, 7)
    assert said.startswith(
        f"networks trained on some digits move, in the mean, by up to {farthest[0]:.2f} standard deviations along "
        "direction 1 (rotation), where the first of them reads the 7 right at 3 of 5 places"
    )
    assert f"{farthest[1]:.2f} standard deviations along direction 2 (scaling)" in said and "at 1 of 5 places." in said


def test_the_digit_is_the_first_that_all_read_right():
    of, blind = measured(), measured() | {"logits": torch.zeros(2, 2, 5, 10)}
    assert [readings.chosen(kinds, 7) for kinds in ([of], [of, of], [of, blind])] == [1, 1, 0]
