"""Few and many networks that learned one function: does the answer get better with their number?"""

from collections.abc import Sequence

from liegg.studies.lens import holdout
from liegg.symmetry.spectrum import spectrum
from liegg.symmetry.stream import polarize


def survey(case: dict, *, networks: int, sizes: Sequence[int], points: int, **settings) -> dict:
    """What is seen of groups of networks that learned the function of case family and seed, settings as in
    `holdout.taught`. Groups of one size have no network in common.

    errors    of each of the networks
    groups    {size: [group]} with members, the numbers of its networks, and seen, its `Spectrum` by name
    """
    got = holdout.taught(
        case["family"], seed=case["seed"], networks=networks, points=points, labelled=points, **settings
    )
    action, output_action = got.drawn.action, got.drawn.output_action
    groups: dict[str, list[dict]] = {}
    for size in sizes:
        for first in range(0, networks - size + 1, size):
            members = list(range(first, first + size))
            factors = polarize([got.networks[a] for a in members], got.points, action, output_action)
            seen = spectrum(factors, action, output_action)._asdict()
            groups.setdefault(str(size), []).append({"members": members, "seen": seen})
    return {"errors": got.errors, "groups": groups}
