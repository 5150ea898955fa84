"""Readings of broken symmetry: known answers, identities, and what was digitised against what is known of it."""

import pytest
import torch
from scipy import stats

from liegg.studies import statistics
from liegg.studies.duality import breaking, published
from liegg.studies.duality import breaking_readings as readings
from liegg.studies.duality.breaking import Cell


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture
def part():
    cells = breaking.curve([0.0, 0.02, 0.05], 0.03)
    runs = [
        {
            "accuracy": 80 + normal(len(cells), 4, seed=r),
            "loss": normal(len(cells), seed=r),
            "hidden": torch.tensor(0.5),
        }
        for r in range(3)
    ]
    return readings.part(cells, runs)


def test_a_gain_is_paired_and_of_the_same_targets(part):
    cell, base = Cell(0.02, cold=True), Cell(0.0, cold=True)
    i, j = part.cells.index(cell), part.cells.index(base)
    assert torch.equal(part.gain(cell), part.accuracy[:, i].amax(1) - part.accuracy[:, j].amax(1))
    assert torch.equal(part.gain(cell, 2), part.accuracy[:, i, 1] - part.accuracy[:, j, 1])
    assert part.gain(base).tolist() == [0, 0, 0]


def test_one_row_a_network(part):
    rows = readings.rows("curve", part, [7, 8, 9], 2)
    assert len(rows) == 3 * len(part.cells) and {row["seed"] for row in rows} == {7, 8, 9}
    cold = next(row for row in rows if row["targets"] == "one-cold" and row["mean"] == 0.05 and row["seed"] == 8)
    i = part.cells.index(Cell(0.05, cold=True))
    assert cold["accuracy_epoch_2"] == part.accuracy[1, i, 1] and cold["loss_untrained"] == part.loss[1, i]


def test_the_symmetric_network_stands_wherever_k_or_the_mean_is_zero():
    cells = breaking.grid([2, 4], [0.0, 0.1])
    table = readings.laid_out(cells, torch.tensor([1.0, 2.0, 3.0]), [0, 2, 4, 6], [0.0, 0.1])
    assert table[0].tolist() == [1, 1, 1, 1] and table[1, :3].tolist() == [1, 2, 3] and table[1, 3].isnan()


def test_an_accuracy_that_follows_one_amount_ranks_by_it():
    cells = breaking.grid([2, 4, 10], [0.0, 0.1, 0.15, 0.2])
    length = torch.tensor([cell.shift().norm() for cell in cells], dtype=torch.float64)
    found = readings.ranks(cells, (90 - length).expand(3, -1))
    assert found["μ√k"] == pytest.approx({"value": -1, "low": -1, "high": -1, "n": 3})
    assert found["gain"]["value"] == pytest.approx(1 + found["μk"]["value"]) and found["gain"]["value"] > 0
    product = readings.amounts(cells)["μk"]
    assert readings.ranks(cells, (90 - product).expand(3, -1))["gain"]["value"] < 0


def test_fewer_than_three_cells_have_no_rank():
    cells = breaking.grid([2], [0.0, 0.1])
    assert set(readings.ranks(cells, normal(4, 2)).values()) == {None}


def test_the_digitised_heat_map_ranks_as_it_is_known_to():
    """The known numbers are of the whole figure before rounding, so that they agree to 0.006."""
    assert readings.published_ranks() == pytest.approx({"μ√k": -0.986, "μk": -0.958, "μ": -0.709}, abs=0.006)
    assert published.ACCURACY.shape == (len(published.MEANS), len(published.ROWS))
    assert (published.ACCURACY >= published.TOP).sum() == 21
    low, high = published.ranges()
    assert (low[0, 0].item(), high[0, 0].item()) == published.ABOVE
    assert (high[-1] - low[-1])[1:].tolist() == pytest.approx(5 * [0.6])
    assert len(published.COLD) == len(published.COLD_MEANS) and len(published.SPREAD) == len(published.ROWS)


def test_distances_are_one_where_the_interval_ends_at_the_range():
    values = normal(10, 1)
    mean = values.mean().item()
    low, high = stats.t.interval(0.95, 9, mean, values.std().item() / 10**0.5)
    of = lambda at, **more: readings.distances(values, torch.tensor([at]), torch.tensor([at + 1]), **more).item()
    assert of(mean - 0.5) == 0 and of(high) == pytest.approx(1, rel=1e-5) == of(low - 1)
    assert of(high, theirs=10) == pytest.approx(2**-0.5, rel=1e-5)


def test_estimates_are_students():
    values = normal(6, 2)
    for (mean, low, high), column in zip(readings.estimates(values).tolist(), values.T):
        error = column.std().item() / 6**0.5
        assert (low, high) == pytest.approx(stats.t.interval(0.95, 5, mean, error)) and mean == column.mean()


def test_the_papers_values_lie_where_they_belong():
    accuracy, spread = published.laid_out([0, 3, 10], [0.01, 0.12, 0.2])
    assert accuracy[1:, 2].tolist() == [75.4, 52.8] and accuracy[2, 0] == published.TOP
    assert accuracy.isnan().sum() == 3 + 2 and spread[2, [0, 2]].tolist() == [0.4, 16.1] and spread.isnan().sum() == 7


def test_equal_runs_agree_or_do_not():
    values = torch.full((3, 2), 5.0)
    low, high = torch.tensor([4.0, 6.0]), torch.tensor([5.5, 7.0])
    inside, outside = readings.distances(values, low, high).tolist()
    assert inside == 0 and outside > 1 and outside < float("inf")


def test_our_grid_meets_the_papers_cells_and_the_symmetric_one_once():
    cells = breaking.grid([2, 4, 6, 8, 10], [m / 100 for m in range(21)])
    values = torch.tensor(
        [
            published.ACCURACY[published.MEANS.index(c.mean), published.ROWS.index(c.rows)]
            if c.mean in published.MEANS and c.mean
            else 85.6
            for c in cells
        ]
    )
    noise = 0.01 * normal(10, len(cells), 1)
    grid = readings.Part(cells, values[:, None] + noise - noise.mean(0), normal(10, len(cells)), normal(10))
    distances = readings.grid_distances(grid)
    assert len(distances) == 51 and distances.max() == 0
    moved = grid._replace(accuracy=grid.accuracy + 1)
    assert (readings.grid_distances(moved) > 1).all()
    assert readings.grid_agreement(grid)["low"] == 1 and readings.grid_agreement(moved)["high"] == 0


def test_the_share_of_cells_that_agree_is_as_uncertain_as_the_runs_that_they_share():
    """Ten runs whose cells all move together agree all at once, or not at all."""
    cells = breaking.grid([2, 4, 6, 8, 10], published.MEANS)
    theirs = torch.tensor([85.6] + [published.ACCURACY[published.MEANS.index(c.mean), c.rows // 2] for c in cells[1:]])
    runs = normal(10, 1)
    grid = readings.Part(cells, (theirs + 0.7 + runs - runs.mean(0))[..., None], normal(10, len(cells)), normal(10))
    found = readings.grid_agreement(grid)
    assert found["low"] < 0.2 and found["high"] > 0.8


def test_a_spread_that_begins_at_zero_has_no_growth():
    cells = [breaking.Cell(published.SPREAD_MEAN, k) for k in (2, 10)]
    accuracy = torch.stack([torch.full((3,), 80.0), torch.tensor([60.0, 70.0, 75.0])], 1)[..., None]
    assert readings.spread_growth(readings.Part(cells, accuracy, normal(3, 2), normal(3))) is None


def test_spreads_are_read_in_either_unit():
    cells = [Cell(0.2, 2), Cell(0.2, 10)]
    for factor, said in ((1.0, 1.0), (0.9, 0.9), (2.0, 2.0), (0.4, 0.4 / 0.801)):
        spread = published.SPREAD[[1, 5]] * factor
        values = 70 + spread * torch.tensor([[-1.0], [1.0]]) / 2**0.5
        found = readings.spread_factors(readings.Part(cells, values[..., None], values, values[:, 0]))
        assert found[0].item() == pytest.approx(said)
        growth = readings.spread_growth(readings.Part(cells, values[..., None], values, values[:, 0]))
        assert growth["value"] == pytest.approx(16.1 / 4.1)
    assert readings.spread_factors(readings.Part([Cell(0.1, 2)], values[:, :1, None], values, values[:, 0])) is None


def test_a_choice_that_has_not_seen_its_run_gains_nothing_from_noise():
    noise, base = normal(4000, 8), torch.zeros(4000, dtype=torch.float64)
    groups = [readings.held_out_gain(v, base[:10]).mean() for v in noise.split(10)]
    assert torch.stack(groups).mean().abs() < 0.06  # the largest of the means is 0.45 in the mean
    shifted = noise + torch.arange(8)
    assert readings.held_out_gain(shifted, base).tolist() == shifted[:, 7].tolist()


def test_the_peak_is_where_the_mean_is_highest():
    values = torch.tensor([0.0, 2.0, 1.0]) + 0.01 * normal(20, 3)
    assert readings.peak([0.0, 0.02, 0.04], values) == {"value": 0.02, "low": 0.02, "high": 0.02, "n": 20}


def test_the_least_loss_is_where_outputs_meet_their_targets():
    """In one dimension with a single sample H μ = ȳ - f̄, exactly."""
    cells = breaking.curve([0.0, 0.02, 0.05], 0.03)
    hidden, offset = torch.tensor([0.5, 0.6]), torch.tensor([0.0, 0.2])
    shift = torch.tensor([cell.shift()[0] for cell in cells])
    loss = (50 * hidden[:, None] * shift + offset[:, None] - 0.9) ** 2
    curve = readings.Part(cells, normal(2, len(cells), 1), loss.double(), hidden.double())
    assert readings.predicted(curve, 50).tolist() == pytest.approx([0.036, 0.03])
    assert readings.least_loss(curve).tolist() == pytest.approx([0.036, 0.7 / 30], rel=1e-4)
    few = curve._replace(cells=[Cell(0.0, cold=True)] * len(cells))
    assert readings.least_loss(few).isnan().all()


def test_a_share_of_means():
    whole = 1 + normal(30).abs()
    found = readings.share(0.25 * whole, whole)
    assert found == pytest.approx({"value": 0.25, "low": 0.25, "high": 0.25, "n": 30})


def test_the_bootstrap_of_a_mean_is_about_students_interval():
    values = normal(200)
    found = statistics.bootstrap(lambda drawn: drawn.mean().item(), values)
    low, high = stats.t.interval(0.95, 199, values.mean(), values.std() / 200**0.5)
    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=0.02) and found["n"] == 200
    assert found == statistics.bootstrap(lambda drawn: drawn.mean().item(), values)
    assert statistics.bootstrap(lambda drawn: float("nan"), values) is None
