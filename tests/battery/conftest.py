"""The battery's count: a line at the end of the run."""

from __future__ import annotations

import pytest

from tests.battery.faults import Battery
from tests.inkpose.conftest import weights  # noqa: F401

_COUNT, _FAILED = "battery_cases", "battery_failures"


@pytest.fixture
def battery(request):
    """Give it the cases; the test fails at its end if some of them did."""
    found = Battery()
    yield found
    request.node.user_properties += [(_COUNT, found.count), (_FAILED, len(found.failures))]
    if found.failures:
        pytest.fail(f"{len(found.failures)} of {found.count} cases:\n" + "\n".join(found.failures[:40]), pytrace=False)


def pytest_terminal_summary(terminalreporter):
    """Prints how many cases there were; the numbers come with the reports, so that xdist's workers count too."""
    told = [
        dict(r.user_properties)
        for group in terminalreporter.stats.values()
        for r in group
        if getattr(r, "when", None) == "teardown"
    ]
    cases, failures = (sum(one.get(key, 0) for one in told) for key in (_COUNT, _FAILED))
    if cases:
        terminalreporter.write_line(f"battery: {cases} cases, {failures} failures")
