"""How hypothesis draws in all tests: the same examples every time, without a clock, and without a file of its own."""

from tempfile import TemporaryDirectory

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

_home = TemporaryDirectory(prefix="hypothesis-")  # removed at the end
set_hypothesis_home_dir(_home.name)
