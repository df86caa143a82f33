"""Business days of New York: its public holidays of a year, as General Construction Law § 24 lists them."""

from serving.records.business_days import public_holidays


def test_the_public_holidays_of_a_year_are_those_of_the_law():
    assert sorted(str(day) for day in public_holidays(2026)) == [
        "2026-01-01",  # New Year's day
        "2026-01-19",  # Dr. Martin Luther King, Jr. day
        "2026-02-12",  # Lincoln's birthday
        "2026-02-16",  # Washington's birthday
        "2026-05-25",  # Memorial day
        "2026-06-19",  # Juneteenth
        "2026-07-04",  # Independence day, a Saturday
        "2026-09-07",  # Labor day
        "2026-10-12",  # Columbus day
        "2026-11-03",  # general election
        "2026-11-11",  # Veterans' day
        "2026-11-26",  # Thanksgiving day
        "2026-12-25",  # Christmas day
    ]


def test_a_holiday_on_a_sunday_is_kept_on_the_monday_after():
    days = {str(day) for day in public_holidays(2027)}
    assert "2027-07-05" in days and "2027-07-04" not in days


def test_the_general_election_is_never_on_the_first_of_november():
    # 1 November 2022 was a Tuesday; the first Monday came after it.
    assert "2022-11-08" in {str(day) for day in public_holidays(2022)}
