"""The call tracker: what a box tells piece by piece becomes one story per call."""

import pytest

from custom_components.gsm_gateway.aiogsm.calls import CAUSE_WAIT, QUIET, CallTracker
from custom_components.gsm_gateway.aiogsm.models import Call, CallEventType, CallState

NUMBER = "+15550100001"
IDLE, INCOMING, DIALING, ALERTING, CONNECTED = (
    CallState.IDLE,
    CallState.INCOMING,
    CallState.DIALING,
    CallState.ALERTING,
    CallState.CONNECTED,
)


def call(
    event: CallEventType,
    *,
    incoming: bool = True,
    number: str | None = NUMBER,
    cause: str | None = None,
    duration: int | None = None,
) -> Call:
    return Call(port="a", event=event, incoming=incoming, number=number, cause=cause, duration=duration)


@pytest.fixture
def tracker() -> CallTracker:
    return CallTracker("a")


def test_knows_nothing_at_first(tracker: CallTracker) -> None:
    assert tracker.state is None
    assert tracker.deadline is None
    assert tracker.tick(0) == []


def test_an_incoming_call_that_is_answered(tracker: CallTracker) -> None:
    assert tracker.changed(INCOMING, NUMBER, 0) == [call(CallEventType.INCOMING)]
    assert tracker.state is INCOMING
    assert tracker.recorded(True, NUMBER, 0.5) == []
    assert tracker.changed(CONNECTED, None, 5) == [call(CallEventType.CONNECTED)]
    assert tracker.state is CONNECTED
    assert tracker.changed(CONNECTED, NUMBER, 5) == []
    assert tracker.changed(IDLE, None, 65.4) == []
    assert tracker.state is IDLE
    assert tracker.hung_up("Normal call clearing", 66) == [
        call(CallEventType.ENDED, cause="Normal call clearing", duration=60)
    ]
    assert tracker.deadline is None


def test_an_outgoing_call_that_is_not_answered(tracker: CallTracker) -> None:
    assert tracker.changed(DIALING, NUMBER, 0) == [call(CallEventType.OUTGOING, incoming=False)]
    assert tracker.changed(ALERTING, NUMBER, 2) == []
    assert tracker.state is ALERTING
    assert tracker.changed(IDLE, None, 20) == []
    assert tracker.deadline == 20 + CAUSE_WAIT
    assert tracker.tick(20 + CAUSE_WAIT - 0.1) == []
    assert tracker.tick(20 + CAUSE_WAIT) == [call(CallEventType.ENDED, incoming=False)]
    assert tracker.deadline is None


def test_a_call_may_be_seen_ringing_first(tracker: CallTracker) -> None:
    assert tracker.changed(ALERTING, NUMBER, 0) == [call(CallEventType.OUTGOING, incoming=False)]
    assert tracker.state is ALERTING


@pytest.mark.parametrize(("incoming", "state"), [(True, INCOMING), (False, DIALING)])
def test_a_record_may_come_first(tracker: CallTracker, incoming: bool, state: CallState) -> None:
    began = CallEventType.INCOMING if incoming else CallEventType.OUTGOING
    assert tracker.recorded(incoming, NUMBER, 0) == [call(began, incoming=incoming)]
    assert tracker.state is state
    assert tracker.changed(state, "0" + NUMBER.removeprefix("+1"), 0.2) == []
    assert tracker.recorded(incoming, NUMBER, 0.3) == []


def test_the_number_may_come_second(tracker: CallTracker) -> None:
    assert tracker.changed(INCOMING, None, 0) == [call(CallEventType.INCOMING, number=None)]
    assert tracker.recorded(True, NUMBER, 0.5) == []
    assert tracker.hung_up(None, 9) == [call(CallEventType.ENDED)]


def test_a_hangup_may_come_before_idle(tracker: CallTracker) -> None:
    tracker.changed(INCOMING, NUMBER, 0)
    assert tracker.hung_up("User busy", 3) == [call(CallEventType.ENDED, cause="User busy")]
    assert tracker.state is IDLE
    assert tracker.changed(IDLE, None, 3.1) == []
    assert tracker.deadline is None


def test_a_hangup_of_no_call_is_nothing(tracker: CallTracker) -> None:
    assert tracker.hung_up("User busy", 3) == []


def test_the_next_call_ends_the_last_one(tracker: CallTracker) -> None:
    tracker.changed(INCOMING, NUMBER, 0)
    tracker.changed(IDLE, None, 5)
    assert tracker.changed(INCOMING, NUMBER, 6) == [call(CallEventType.ENDED), call(CallEventType.INCOMING)]
    assert tracker.state is INCOMING


def test_another_number_is_another_call(tracker: CallTracker) -> None:
    tracker.changed(INCOMING, NUMBER, 0)
    assert tracker.changed(INCOMING, "777", 40) == [
        call(CallEventType.ENDED),
        call(CallEventType.INCOMING, number="777"),
    ]


def test_a_call_never_goes_back(tracker: CallTracker) -> None:
    tracker.changed(INCOMING, NUMBER, 0)
    tracker.changed(CONNECTED, NUMBER, 1)
    assert tracker.changed(INCOMING, NUMBER, 11) == [
        call(CallEventType.ENDED, duration=10),
        call(CallEventType.INCOMING),
    ]


def test_a_record_of_the_other_direction_is_another_call(tracker: CallTracker) -> None:
    tracker.changed(INCOMING, NUMBER, 0)
    tracker.changed(CONNECTED, NUMBER, 1)
    assert tracker.recorded(False, "777", 11) == [
        call(CallEventType.ENDED, duration=10),
        call(CallEventType.OUTGOING, incoming=False, number="777"),
    ]
    assert tracker.state is DIALING


def test_a_second_record_after_the_end_is_the_same_call(tracker: CallTracker) -> None:
    tracker.recorded(True, NUMBER, 0)
    tracker.changed(IDLE, None, 5)
    assert tracker.recorded(True, NUMBER, 5.5) == []
    assert tracker.changed(CONNECTED, None, 6) == []


def test_a_call_found_connected_is_told_once_its_direction_is(tracker: CallTracker) -> None:
    assert tracker.changed(CONNECTED, NUMBER, 0) == []
    assert tracker.state is CONNECTED
    assert tracker.recorded(True, NUMBER, 1) == [call(CallEventType.INCOMING), call(CallEventType.CONNECTED)]
    assert tracker.state is CONNECTED


def test_a_call_that_rings_after_one_we_never_saw_is_not_connected(tracker: CallTracker) -> None:
    tracker.changed(CONNECTED, NUMBER, 0)
    assert tracker.changed(INCOMING, "777", 40) == [call(CallEventType.INCOMING, number="777")]
    assert tracker.state is INCOMING


def test_a_hangup_ends_a_call_that_was_never_told_of(tracker: CallTracker) -> None:
    tracker.changed(CONNECTED, NUMBER, 0)
    assert tracker.hung_up("Normal call clearing", 5) == []
    assert tracker.state is IDLE


def test_late_news_only_complete(tracker: CallTracker) -> None:
    assert tracker.recorded(True, NUMBER, 0, late=True) == []
    tracker.changed(INCOMING, None, 1)
    assert tracker.recorded(True, NUMBER, 2, late=True) == []
    assert tracker.hung_up("of the call before", 2, late=True) == []
    assert tracker.state is INCOMING
    tracker.changed(IDLE, None, 3)
    assert tracker.hung_up("User busy", 4, late=True) == [call(CallEventType.ENDED, cause="User busy")]
    assert tracker.recorded(True, NUMBER, 5, late=True) == []


def test_an_unknown_state_is_unknown_without_a_call(tracker: CallTracker) -> None:
    tracker.changed(IDLE, None, 0)
    assert tracker.changed(None, None, 1) == []
    assert tracker.state is None
    tracker.recorded(False, NUMBER, 2)
    tracker.changed(None, None, 3)
    assert tracker.state is DIALING


def test_the_regular_report_corrects_only_after_quiet(tracker: CallTracker) -> None:
    tracker.reported(IDLE, 0)
    assert tracker.state is IDLE
    tracker.changed(INCOMING, NUMBER, 10)
    tracker.reported(IDLE, 10 + QUIET - 0.1)
    assert tracker.state is INCOMING
    tracker.reported(CONNECTED, 10 + QUIET)
    assert tracker.state is CONNECTED
    tracker.reported(IDLE, 10 + QUIET)
    assert tracker.state is IDLE
    assert tracker.changed(IDLE, None, 50) == []
    assert tracker.deadline is None


def test_forgets(tracker: CallTracker) -> None:
    tracker.changed(INCOMING, NUMBER, 0)
    tracker.changed(IDLE, None, 1)
    tracker.forget()
    assert tracker.state is None
    assert tracker.deadline is None
    tracker.reported(IDLE, 2)
    assert tracker.state is IDLE
