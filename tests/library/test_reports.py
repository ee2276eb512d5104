"""Reports: which text a delivery report is about."""

import pytest

from custom_components.gsm_gateway.aiogsm.records import DeliveryReported
from custom_components.gsm_gateway.aiogsm.reports import (
    EARLY_FOR,
    KNOWN_FOR,
    KNOWN_FOR_NAMELESS,
    Reports,
)

NUMBER = "+15550100001"


def report(
    reference: int = 7, *, port: str = "1", number: str | None = NUMBER, delivered: bool | None = True
) -> DeliveryReported:
    return DeliveryReported(gateway="box", port=port, reference=reference, delivered=delivered, number=number)


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.mark.parametrize("number", [NUMBER, "15550100001", "5550100001", None])
def test_a_report_is_about_the_text_of_its_port_reference_and_recipient(
    reports: Reports, number: str | None
) -> None:
    assert reports.sent("a", "1", 7, NUMBER, 0.0) == []
    assert reports.find(report(number=number), 1.0) == "a"


@pytest.mark.parametrize("other", [report(8), report(port="2"), report(number="+15550100002")])
def test_a_report_about_another_text_is_not(reports: Reports, other: DeliveryReported) -> None:
    reports.sent("a", "1", 7, NUMBER, 0.0)
    assert reports.find(other, 1.0) is None


def test_of_two_texts_with_one_reference_the_newer_counts(reports: Reports) -> None:
    reports.sent("old", "1", 7, NUMBER, 0.0)
    reports.sent("new", "1", 7, NUMBER, 10.0)
    assert reports.find(report(), 11.0) == "new"


@pytest.mark.parametrize(("number", "span"), [(NUMBER, KNOWN_FOR), (None, KNOWN_FOR_NAMELESS)])
def test_a_report_that_is_too_late_is_about_nothing(
    reports: Reports, number: str | None, span: float
) -> None:
    reports.sent("a", "1", 7, NUMBER, 0.0)
    assert reports.find(report(number=number), span - 1) == "a"
    assert reports.find(report(number=number), span) is None


def test_after_a_restart_only_a_report_with_the_recipient_is_believed(reports: Reports) -> None:
    reports.sent("a", "1", 7, NUMBER, 0.0)
    reports.restarted("1")
    assert reports.find(report(number=None), 1.0) is None
    assert reports.find(report(), 1.0) == "a"


def test_a_restart_of_another_port_does_not_matter(reports: Reports) -> None:
    reports.sent("a", "1", 7, NUMBER, 0.0)
    reports.restarted("2")
    assert reports.find(report(number=None), 1.0) == "a"


def test_a_report_that_comes_first_waits_for_its_text(reports: Reports) -> None:
    early, final = report(delivered=None), report()
    for one, at in ((early, 0.0), (final, 1.0)):
        assert reports.find(one, at) is None
        reports.keep(one, at)
    assert reports.sent("b", "1", 8, NUMBER, 2.0) == []
    assert reports.sent("a", "1", 7, NUMBER, 2.0) == [early, final]
    assert reports.sent("again", "1", 7, NUMBER, 3.0) == []


def test_a_report_does_not_wait_for_ever(reports: Reports) -> None:
    reports.keep(report(), 0.0)
    assert reports.sent("a", "1", 7, NUMBER, EARLY_FOR) == []


def test_a_report_does_not_wait_over_a_restart(reports: Reports) -> None:
    reports.keep(report(), 0.0)
    reports.restarted("1")
    assert reports.sent("a", "1", 7, NUMBER, 1.0) == []


def test_what_is_only_looked_for_does_not_wait(reports: Reports) -> None:
    reports.find(report(), 0.0)
    assert reports.sent("a", "1", 7, NUMBER, 1.0) == []
