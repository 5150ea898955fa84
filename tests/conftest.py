"""How hypothesis draws in all tests: the same examples every time, without a clock, and without a file of its own."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

settings.register_profile(
    "battery",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=20,
    # a file or a folder of a fixture is written anew by every example
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("battery")


@pytest.fixture(scope="session", autouse=True)
def _hypothesis_home(tmp_path_factory):
    set_hypothesis_home_dir(tmp_path_factory.mktemp("hypothesis"))
