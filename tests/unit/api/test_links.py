"""A link opens what it was made for until its time, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest

from serving.api.links import Link, from_token, to_token
from serving.domain.errors import NotFound
from serving.domain.report import Audience

SECRET = bytes(range(32))
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
LINK = Link("tenants/acme/interviews/i1/reports/1", Audience.CANDIDATE, "zh", NOW + timedelta(minutes=1))


def test_a_link_is_read_as_it_was_made() -> None:
    assert from_token(to_token(LINK, SECRET), SECRET, NOW) == LINK


def test_a_link_expires_on_the_second() -> None:
    token = to_token(LINK, SECRET)
    assert from_token(token, SECRET, LINK.expire_time - timedelta(microseconds=1)) == LINK
    with pytest.raises(NotFound):
        from_token(token, SECRET, LINK.expire_time)


def test_no_character_of_a_link_can_be_changed() -> None:
    token = to_token(LINK, SECRET)
    for index, char in enumerate(token):
        for other in ("A", "B", "."):
            if other != char:
                with pytest.raises(NotFound):
                    from_token(token[:index] + other + token[index + 1 :], SECRET, NOW)


@pytest.mark.parametrize("change", ["", ".", "é", "a.b", "\x00", "=" * 10])
def test_what_is_no_link_is_not_told_from_one_that_has_expired(change: str) -> None:
    with pytest.raises(NotFound) as strange:
        from_token(change, SECRET, NOW)
    with pytest.raises(NotFound) as expired:
        from_token(to_token(LINK, SECRET), SECRET, NOW + timedelta(days=1))
    assert str(strange.value) == str(expired.value)


@pytest.mark.parametrize("end", ["=", "A", "\n", " "])
def test_nothing_can_be_added_to_a_link(end: str) -> None:
    with pytest.raises(NotFound):
        from_token(to_token(LINK, SECRET) + end, SECRET, NOW)


def test_another_installation_s_links_open_nothing() -> None:
    with pytest.raises(NotFound):
        from_token(to_token(LINK, bytes(32)), SECRET, NOW)


def test_parts_of_two_links_make_no_third() -> None:
    other = Link("tenants/acme/interviews/i2/reports/1", Audience.RECRUITER, "en", LINK.expire_time)
    body, _, _ = to_token(LINK, SECRET).partition(".")
    _, _, signature = to_token(other, SECRET).partition(".")
    with pytest.raises(NotFound):
        from_token(f"{body}.{signature}", SECRET, NOW)
