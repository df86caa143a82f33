"""The measures, against values worked out by hand."""

import pytest

from deployments.evaluation import measures


@pytest.mark.parametrize(
    ("better", "worse", "expected"),
    [(6.0, 5.0, 1.0), (5.0, 6.0, 0.0), (5.0, 5.0, 0.5), (5.0, 5.0 + 1e-12, 0.5), (1.0, None, 1.0), (None, None, 0.5)],
)
def test_the_better_answer_should_have_the_higher_score(
    better: float | None, worse: float | None, expected: float
) -> None:
    assert measures.order(better, worse) == expected


def test_wilson_is_narrow_for_many_and_wide_for_few() -> None:
    assert measures.wilson(0.9, 10) == pytest.approx((0.596, 0.982), abs=0.001)
    assert measures.wilson(0.9, 1000) == pytest.approx((0.880, 0.917), abs=0.001)
    assert measures.wilson(0.0, 0) == (0.0, 1.0)


def test_macro_f1_weighs_every_role_alike() -> None:
    truth, found = list("SSSAAR"), list("SSAAAS")
    # S: 2 hits of 3 and 3; A: 2 hits of 2 and 3; R: none.
    assert measures.f1_by_class(truth, found) == pytest.approx({"S": 4 / 6, "A": 4 / 5, "R": 0.0})
    assert measures.macro_f1(truth, found) == pytest.approx((4 / 6 + 4 / 5) / 3)
    assert measures.macro_f1([], []) is None


def test_edits_count_insertions_deletions_and_substitutions() -> None:
    assert measures.edits("kitten", "sitting") == 3
    assert measures.edits("", "abc") == 3
    assert measures.edits("abc", "abc") == 0


def test_spearman_sees_order_only_and_shares_the_ranks_of_ties() -> None:
    assert measures.spearman([1, 2, 3, 4], [10, 20, 500, 501]) == pytest.approx(1.0)
    assert measures.spearman([1, 2, 3], [3, 2, 1]) == pytest.approx(-1.0)
    assert measures.ranks([5, 1, 5, 0]).tolist() == [3.5, 2.0, 3.5, 1.0]
    assert measures.spearman([1, 1, 1], [1, 2, 3]) is None
    assert measures.spearman([1, 2], [1, 2]) is None


def test_distinct_share_falls_with_repetition() -> None:
    assert measures.distinct_share([list("abab"), list("ab")], 2) == pytest.approx(2 / 4)
    assert measures.distinct_share([["a"]], 2) is None
