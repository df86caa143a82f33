from collections.abc import Iterator

import pytest
from scoring_double import Running, running_server


@pytest.fixture
def server() -> Iterator[Running]:
    """A Scoring server of its own for each test."""
    with running_server() as running:
        yield running
