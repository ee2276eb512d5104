"""USSD menus: codes one after the other in one session, which is ended at last."""

from copy import replace
from typing import Any

import pytest

from custom_components.gsm_gateway.aiogsm.errors import (
    CommandRefused,
    GatewayError,
    GatewayTimeout,
    InvalidInput,
    OutcomeUnknown,
)
from custom_components.gsm_gateway.aiogsm.family import Family, Feature
from custom_components.gsm_gateway.aiogsm.gateway import Gateway
from custom_components.gsm_gateway.aiogsm.menus import walk_menus
from custom_components.gsm_gateway.aiogsm.models import UssdReply
from custom_components.gsm_gateway.aiogsm.requests import CloseUssd, Request, SendUssd

from .clocks import StoppedClock, settled, start, turns_of_the_loop
from .gateway_stage import REPLY, World

OPEN = UssdReply(text="1 Balance", session_open=True)
UNSAID = UssdReply(text="1 Balance")
OVER = UssdReply(text="5 EUR", session_open=False)


class Network:
    """Answers codes in order, and notes what it was asked."""

    def __init__(self, *answers: UssdReply | GatewayError, end: GatewayError | None = None) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)
        self._end = end

    async def __call__(self, request: Request[Any], /) -> Any:  # noqa: ANN401 (as the request says)
        if isinstance(request, CloseUssd):
            self.asked.append("end")
            if self._end is not None:
                raise self._end
            return None
        assert isinstance(request, SendUssd)
        self.asked.append(request.code)
        answer = self._answers.pop(0)
        if isinstance(answer, GatewayError):
            raise answer
        return answer


@pytest.fixture
def family() -> Family:
    return replace(World(StoppedClock()).dialled, features=Feature.USSD_SESSIONS)


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ((OVER,), ["*100#"]),
        ((UNSAID,), ["*100#", "end"]),
        ((OPEN, OVER), ["*100#", "1"]),
        ((UNSAID, UNSAID), ["*100#", "1", "end"]),
        ((OPEN, OPEN), ["*100#", "1", "end"]),
    ],
)
async def test_codes_in_order(family: Family, answers: tuple[UssdReply, ...], asked: list[str]) -> None:
    network = Network(*answers)
    codes = ["*100#", "1"][: len(answers)]
    assert await walk_menus(network, family, "1", codes) == list(answers)
    assert network.asked == asked


async def test_no_menu_is_answered_that_is_over(family: Family) -> None:
    network = Network(OVER)
    assert await walk_menus(network, family, "1", ["*100#", "1", "2"]) == [OVER]
    assert network.asked == ["*100#"]


async def test_where_sessions_cannot_be_ended_the_network_does(family: Family) -> None:
    network = Network(OPEN, OPEN)
    await walk_menus(network, replace(family, features=Feature(0)), "1", ["*100#", "1"])
    assert network.asked == ["*100#", "1"]


async def test_an_end_that_is_refused_is_no_error(family: Family) -> None:
    network = Network(UNSAID, end=GatewayTimeout("no answer"))
    assert await walk_menus(network, family, "1", ["*100#"]) == [UNSAID]


@pytest.mark.parametrize(
    ("error", "asked"),
    [(OutcomeUnknown("late"), ["*100#", "1", "end"]), (CommandRefused("no"), ["*100#", "1"])],
)
async def test_a_code_that_fails(family: Family, error: GatewayError, asked: list[str]) -> None:
    network = Network(OPEN, error)
    with pytest.raises(type(error)):
        await walk_menus(network, family, "1", ["*100#", "1", "2"])
    assert network.asked == asked


async def test_nothing_comes_between_the_codes_of_a_menu(world: World, gateway: Gateway) -> None:
    walking = start(gateway.walk_ussd("1", ["*100#", "1"]))
    other = start(gateway.send_ussd("1", "*101#"))
    await turns_of_the_loop()
    world.settle(OPEN)
    await turns_of_the_loop()
    assert world.codes == ["*100#@1", "1@1"]
    world.settle(OVER)
    assert await settled(walking) == [OPEN, OVER]
    assert world.codes == ["*100#@1", "1@1", "*101#@1"]
    world.settle(REPLY)
    assert await settled(other) == REPLY


@pytest.mark.parametrize("codes", [["*100#", "x"], ["", "1"]])
async def test_wrong_codes_are_refused_before_the_first_is_dialled(
    world: World, gateway: Gateway, codes: list[str]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await gateway.walk_ussd("1", codes)
    assert caught.value.reason == "ussd_code"
    assert world.asked == []
