"""Sizes of GPUs, and placements that do not fit."""

import pytest

from deployments.engines.memory import RESERVED_BYTES, Budget, misfit, parse_memory
from deployments.models.errors import CatalogueError


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("24GB", 24 * 10**9),
        ("22.5GiB", 22.5 * 2**30),
        ("1g.10gb", 10**10),
        (" 3g.40gb ", 4 * 10**10),
        ("512 mib", 2**29),
    ],
)
def test_sizes_and_mig_profiles_are_read(text, size):
    assert parse_memory(text) == size


@pytest.mark.parametrize("text", ["ten", "", "10", "-1GB", "0GB", "1g.10", "10 TB"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(CatalogueError, match="is no size of memory"):
        parse_memory(text)


def test_weights_count_once_and_activations_for_each_context():
    assert Budget("m", "model.onnx", 100, 30, contexts=4).total_bytes == 220


def test_a_placement_that_does_not_fit_names_what_takes_most():
    found = [Budget("small", "model.onnx", 10**9, 0, 1), Budget("large", "model.onnx", 10**9, 10**9, 2)]
    needed = 4 * 10**9 + RESERVED_BYTES
    assert misfit(found, needed) == ""
    problem = misfit(found, needed - 1)
    assert problem.startswith("the models need 5.00 GB with 1 GB reserved, there are 5.00; large takes most, 3.00 GB: ")
