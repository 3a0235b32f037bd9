"""What all tests share: the folder of reference material, strictness in CI, Hypothesis profiles."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.postgresql_server", "tests.rt_server"]

CHECKOUT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("OMBUD_CI") == "1"

settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    print_blob=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "local", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", parent=settings.get_profile("local"), max_examples=2_000)
settings.load_profile(os.environ.get("OMBUD_HYPOTHESIS", "ci" if IN_CI else "local"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Give the folder of reference data, vendors' documents and recorded payloads."""
    folder = Path(os.environ.get("OMBUD_SHARED", CHECKOUT.parent / "shared")).resolve()
    if not (folder / "data").is_dir():
        pytest.skip(f"no reference material at {folder}; set OMBUD_SHARED to its folder")
    return folder


@pytest.fixture(scope="session")
def prism() -> Path:
    """Give the program Prism, which compares HTTP with an OpenAPI document."""
    program = CHECKOUT / ".build" / "bin" / "prism"
    if not program.exists():
        pytest.skip("no Prism; `make setup-test` installs it")
    return program


def _forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not IN_CI or not report.skipped or hasattr(report, "wasxfail"):
        return
    why = report.longrepr
    reason = why[2] if isinstance(why, tuple) else str(why)
    report.outcome = "failed"
    report.longrepr = f"{report.nodeid}: skipped, and OMBUD_CI=1 allows no skip. {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn a skipped test into a failed one in CI; an expected failure stays what it is."""
    report = yield
    _forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Turn a module that skips itself into an error in CI."""
    report = yield
    _forbid_skip(report)
    return report
