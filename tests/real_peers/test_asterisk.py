"""The client against a real Asterisk, of which a NeoGate is an old one with commands of its own.

Today's Asterisk speaks a newer dialect (AMI 2 and later) than a NeoGate (1.1). What differs: the greeting
has a longer version, there are events of kinds that a NeoGate does not know, and a command's output is no
``Response: Follows`` any more but a plain message with a header ``Output`` a line, which is not read.
"""

from collections.abc import Callable
import re

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.gsm_gateway.aiogsm import FAMILIES, Endpoint, Gateway, Hub
from custom_components.gsm_gateway.aiogsm.ami import MAX_LINE, Event, Message, Response, action, ping
from custom_components.gsm_gateway.aiogsm.dialog import Box
from custom_components.gsm_gateway.aiogsm.errors import GatewayError, LoginRefused, WrongPeer
from custom_components.gsm_gateway.aiogsm.neogate import codec
from custom_components.gsm_gateway.aiogsm.neogate.session import IDLE, PING_TIMEOUT
from tests.conftest import DOMAIN
from tests.simulators.simulator import LOOPBACK

from .asterisk import ALL, ELSEWHERE, FEW, SECRET
from .wire import Wire, connected, talking

pytestmark = pytest.mark.usefixtures("socket_enabled")

VERSION = re.compile(r"\d+(\.\d+)+")


async def opening(port: int, username: str, password: str = SECRET) -> Gateway:
    """Open a gateway as Home Assistant does."""
    gateway = Gateway(
        FAMILIES["neogate"],
        Hub(),
        Endpoint(host=LOOPBACK, port=port),
        Box(key="box", username=username, password=password),
    )
    await gateway.open()
    return gateway


@pytest.fixture
def plain_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands be run by an action that an Asterisk has."""
    monkeypatch.setattr(
        codec, "command", lambda action_id, line: action("Command", action_id, f"Command: {line}")
    )


# Login.


async def test_the_greeting_and_the_answer_to_a_login_are_read(asterisk: int) -> None:
    async with connected(asterisk) as wire:
        assert VERSION.fullmatch((await wire.greeted()).version)
        response = await wire.log_in(ALL)
        assert response.success
        assert response.message == "Authentication accepted"


@pytest.mark.parametrize(
    ("username", "password"), [(ALL, "wrong"), ("nobody", SECRET), (ELSEWHERE, SECRET), (ALL, SECRET.upper())]
)
async def test_a_refused_login_has_the_words_of_the_peer(asterisk: int, username: str, password: str) -> None:
    with pytest.raises(LoginRefused, match=r"^Authentication failed$") as caught:
        await opening(asterisk, username, password)
    assert not caught.value.certain


async def test_the_peer_closes_the_connection_of_a_refused_login(asterisk: int) -> None:
    async with connected(asterisk) as wire:
        await wire.greeted()
        assert not (await wire.log_in(ALL, "wrong")).success
        assert await wire.ended()


@pytest.mark.parametrize("username", [ALL, FEW])
async def test_an_asterisk_that_takes_the_login_is_no_neogate(asterisk: int, username: str) -> None:
    with pytest.raises(WrongPeer, match="smscommand"):
        await opening(asterisk, username)


@pytest.mark.usefixtures("plain_commands")
@pytest.mark.parametrize(
    ("username", "error", "words"),
    [(FEW, LoginRefused, "may not run commands"), (ALL, WrongPeer, "lists no GSM spans")],
)
async def test_a_command_that_is_refused_or_unknown(
    asterisk: int, username: str, error: type[GatewayError], words: str
) -> None:
    with pytest.raises(error, match=words):
        await opening(asterisk, username)


async def test_the_form_says_that_it_is_no_neogate(hass: HomeAssistant, asterisk: int) -> None:
    flows = hass.config_entries.flow
    menu = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    form = await flows.async_configure(menu["flow_id"], {"next_step_id": "neogate"})
    account = {"host": LOOPBACK, "port": asterisk, "username": ALL, "password": SECRET}
    result = await flows.async_configure(form["flow_id"], account)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": "not_a_neogate"}


# Actions.


async def logged_in(wire: Wire, *, events: bool = True) -> None:
    """Log in to an account that may do all."""
    await wire.greeted()
    assert (await wire.log_in(ALL, events=events)).success


async def test_a_line_stays_up_by_pings_when_it_is_idle(asterisk: int) -> None:
    async with talking(asterisk, ALL) as talk:
        await talk.until(lambda: "FullyBooted" in talk.events)
        [login] = talk.written
        for number in (2, 3, 4):
            talk.wait(IDLE - 0.1)
            assert talk.written == [login]
            talk.wait(0.1)
            assert talk.written == [login, ping(str(number))]
            assert talk.session.deadline() == talk.now + PING_TIMEOUT
            await talk.until(lambda: talk.session.deadline() == talk.now + IDLE)
            talk.written.pop()
        assert talk.end is None
        assert talk.ignored == {}


async def test_an_unknown_action(asterisk: int) -> None:
    async with connected(asterisk) as wire:
        await logged_in(wire)
        response = await wire.answer(lambda action_id: codec.command(action_id, codec.show_spans()))
        assert response.unknown_action
        assert not response.success
        assert not response.forbidden


async def test_a_forbidden_action(asterisk: int) -> None:
    async with connected(asterisk) as wire:
        await wire.greeted()
        assert (await wire.log_in(FEW)).success
        response = await wire.ask("Command", "Command: core show uptime")
        assert response.forbidden
        assert not response.unknown_action
        assert response.body == "Permission denied"


async def test_a_goodbye_is_answered_and_the_connection_closed(asterisk: int) -> None:
    async with connected(asterisk) as wire:
        await logged_in(wire)
        assert (await wire.ask("Logoff")).status == "Goodbye"
        assert await wire.ended()


@pytest.mark.usefixtures("plain_commands")
async def test_all_that_was_said_before_a_goodbye_is_done(asterisk: int) -> None:
    lines = [f"database put goodbye {number} said" for number in range(20)]
    async with talking(asterisk, ALL) as talk:
        talk.do(talk.session.leave(talk.now, lines))
    async with connected(asterisk) as wire:
        await logged_in(wire)
        await wire.ask("Command", "Command: database show goodbye")
        assert b"Output: 20 results found." in wire.raw


# Framing.


async def test_output_in_the_newer_dialect_is_a_plain_message(asterisk: int) -> None:
    async with connected(asterisk) as wire:
        await logged_in(wire, events=False)
        read = len(wire.raw)
        response = await wire.ask("Command", "Command: core show license")
        lines = wire.raw[read:].removesuffix(b"\r\n\r\n").split(b"\r\n")
        assert lines[:3] == [
            b"Response: Success",
            b"ActionID: " + response.action_id.encode(),
            b"Message: Command output follows",
        ]
        assert b"Output: " in lines  # an empty line of the output does not end the message
        assert len(lines) > 10
        assert all(line.startswith(b"Output: ") for line in lines[3:])
        assert response.success
        assert response.message == "Command output follows"
        assert response.output == ""
        assert (await wire.ask("Ping")).success


async def test_an_unknown_command_in_the_newer_dialect_is_an_error(asterisk: int) -> None:
    async with connected(asterisk) as wire:
        await logged_in(wire, events=False)
        response = await wire.ask("Command", f"Command: {codec.show_spans()}")
        assert response.status == "Error"
        assert response.body == "Command output follows"
        assert (await wire.ask("Ping")).success


async def test_a_line_as_long_as_ours_may_be_is_taken_whole(asterisk: int) -> None:
    line = "Text: " + "x" * (MAX_LINE - len("Text: \r\n"))
    async with connected(asterisk) as wire:
        await logged_in(wire)
        assert (await wire.ask("UserEvent", "UserEvent: long", line)).success
        assert f"Text: {(await wire.event('UserEvent')).fields['text']}" == line


async def test_fields_come_as_they_were_sent(asterisk: int) -> None:
    text = "Grüße: 😀 %0A+1  \"quoted\" \\ 'Event: none'"
    async with connected(asterisk) as wire:
        await logged_in(wire)
        await wire.ask("UserEvent", "UserEvent: text", f"Content: {text}")
        event = await wire.event("UserEvent")
        assert event.fields["userevent"] == "text"
        assert event.fields["content"] == text


async def test_a_list_is_a_response_and_events(asterisk: int) -> None:
    async with connected(asterisk) as wire:
        await logged_in(wire)
        response = await wire.ask("CoreShowChannels")
        assert response.message == "Channels will follow"
        assert (await wire.event("CoreShowChannelsComplete")).fields["actionid"] == response.action_id


async def test_who_asks_for_no_events_gets_none(asterisk: int) -> None:
    async with connected(asterisk) as deaf, connected(asterisk) as listener:
        await logged_in(deaf, events=False)
        await logged_in(listener)
        await deaf.ask("UserEvent", "UserEvent: unheard")
        await listener.event("UserEvent")
        await deaf.ask("Ping")
        assert not [message for message in deaf.messages if isinstance(message, Event)]


async def test_events_come_between_responses(asterisk: int) -> None:
    numbers = [str(number) for number in range(100)]
    async with connected(asterisk) as noisy, connected(asterisk) as wire:
        await logged_in(noisy)
        await logged_in(wire)
        for number in numbers:
            await noisy.ask("UserEvent", "UserEvent: noise", f"Number: {number}")
            assert (await wire.ask("Ping")).success
        events = [one for one in wire.messages if isinstance(one, Event) and one.name == "UserEvent"]
        assert [event.fields["number"] for event in events] == numbers


def every_kind_of_message() -> list[Callable[[str], bytes]]:
    """Give what makes a manager write all that the tests above have seen."""

    def of(name: str, *headers: str) -> Callable[[str], bytes]:
        return lambda action_id: action(name, action_id, *headers)

    return [
        of("Ping"),
        of("smscommand", "command: gsm show spans"),
        of("Command", "Command: core show help"),
        of("Command", "Command: gsm show spans"),
        of("UserEvent", "UserEvent: text", "Content: Grüße 😀"),
        of("CoreShowChannels"),
        of("Logoff"),
    ]


def read(pieces: list[bytes]) -> list[Message]:
    """Read pieces as a connection's."""
    reader, messages = codec.reader(), []
    for piece in pieces:
        reader.feed(piece)
        while (message := reader.next()) is not None:
            messages.append(message)
    return messages


async def test_however_it_is_cut_the_same_is_read(asterisk: int) -> None:
    async with connected(asterisk) as wire:
        await logged_in(wire)
        for encode in every_kind_of_message():
            await wire.answer(encode)
        raw, messages = wire.raw, wire.messages
    statuses = [message.status for message in messages if isinstance(message, Response)]
    assert statuses == ["Success", "Success", "Error", "Success", "Error", "Success", "Success", "Goodbye"]
    for size in (1, 7, 1460, len(raw)):
        assert read([raw[start : start + size] for start in range(0, len(raw), size)]) == messages
