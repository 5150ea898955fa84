"""The cases of page 21 are the densities that their names say."""

import pytest
import torch

from liegg.studies.duality import invariance_cases as cases

SETTINGS = {
    "networks": 100,
    "published_networks": 200,
    "published_widths": [5, 1000],
    "widths": [5],
    "restored_widths": [5, 10],
    "sizes": [50],
    "shifts": [0.0, 0.5],
}


@pytest.mark.parametrize("kind", cases.KINDS)
def test_names_say_what_the_weights_are(kind):
    density = cases.relu(kind, 5, 16)
    W1 = density.draw(20_000, torch.Generator().manual_seed(0)).W1
    expected = {"0.05": 0.05, "0.2/√N": 0.05, "0.1/√N": 0.025, "0.5/√N": 0.125}
    mean = next((value for words, value in expected.items() if words in kind), 0.0)
    shifted = 5 if "all" in kind else 1 if mean else 0
    torch.testing.assert_close(W1.mean((0, 2))[:shifted], torch.full((shifted,), mean), atol=3e-3, rtol=0)
    torch.testing.assert_close(W1.mean((0, 2))[shifted:], torch.zeros(5 - shifted), atol=3e-3, rtol=0)
    assert W1.std().item() == pytest.approx(0.25, rel=0.05)
    assert (W1.abs().max() < 0.25 * 3**0.5 + 1e-6) == (kind == "uniform")


def test_the_papers_inputs_and_network():
    assert cases.LINE.flatten().tolist() == pytest.approx([-0.01, -0.006, -0.002, 0.002, 0.006, 0.01])
    assert cases.gauss_net("normal", 3, 5).output_bias


def test_no_two_cases_are_alike_and_wide_ensembles_are_smaller():
    found = list(cases.cases(**SETTINGS))
    assert len({str(case) for case in found}) == len(found)
    assert {c["networks"] for c in found if c["part"] == "published" and c["width"] == 1000} == {50}
    assert {case["part"] for case in found} == {"published", "same", "test", "restored", "power", "order"}


def test_every_part_is_measured():
    first = {case["part"]: case for case in reversed(list(cases.cases(**SETTINGS)))}
    settings = {"draws": 19, "repeats": 2, "power_draws": 20, "power_repeats": 3, "seed": 0}
    found = {part: cases.measure(case, **settings) for part, case in first.items()}
    assert set(found.pop("published")) == {"2", "4"}
    shapes = {part: tuple(value["null"].shape) for part, value in found.items()}
    assert shapes == {"same": (2, 19, 3), "test": (2, 19, 3), "restored": (2, 19, 1)} | {
        "power": (3, 20, 3),
        "order": (2, 19, 6),
    }


def test_student_is_asked_up_to_its_last_moment():
    assert cases.orders("student") == [1, 2, 3, 4] and cases.orders("gauss")[-1] == 6
