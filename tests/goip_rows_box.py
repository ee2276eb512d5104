"""The table's rows for what a GoIP does as a whole: restarts, and commands for all channels."""

from collections.abc import Awaitable, Callable

from tests.simulators.goip_state import Quirks

from .conftest import act, entity
from .goip_bench import Port, Row, Table
from .goip_rows_requests import MAY_BE_LOST, failure

BOX = Table()
row = BOX.row


def _reboot(press: Callable[[Port], Awaitable[None]]) -> Row:
    async def run(port: Port) -> None:
        lines = port.box.lines
        for line in lines:
            line.count = 100
        await all_told(port)
        await port.insist(lambda: press(port), lambda: all(line.reboots for line in lines))
        await port.until(lambda: all(line.up and line.accepted for line in lines))
        await all_told(port)
        assert {view.shows("status") for view in views(port)} == {"ready"}
        assert state_of_connection(port) == "on"
        asked = [
            packet for view in views(port) for packet in view.asked("svr_reboot_dev", "svr_reboot_module")
        ]
        assert {packet.split()[0] for packet in asked} == {"svr_reboot_dev"}
        if port.good:
            assert [line.reboots for line in lines] == [1] * len(lines)
            assert len(asked) == 1

    return run


def views(port: Port) -> list[Port]:
    """Look at each line of the box."""
    return [port.beside(name) for name in port.box.line_names]


async def all_told(port: Port) -> None:
    """Let every line tell its state."""
    for view in views(port):
        await view.told()


def state_of_connection(port: Port) -> str:
    """Give whether Home Assistant takes the box to be there."""
    found = port.hass.states.get(entity(port.hass, "binary_sensor", f"{port.entry.unique_id}_connection"))
    assert found is not None
    return found.state


async def _press(port: Port) -> None:
    data = {"entity_id": entity(port.hass, "button", f"{port.entry.unique_id}_reboot")}
    await act(port.hass, "press", data, domain="button")


async def _act(port: Port) -> None:
    await act(port.hass, "reboot", {"device_id": port.box_device})


row("svr_reboot_dev: button")(_reboot(_press))
row("svr_reboot_dev: action")(_reboot(_act))


def downs(port: Port) -> list[int]:
    """Give which of the modules are off."""
    return [line.state.module_down for line in port.box.lines]


async def set_enabled(port: Port, on: list[str], off: list[str]) -> None:
    """Switch several ports."""
    data = {"device_id": port.box_device, "enabled": on, "disabled": off}
    await act(port.hass, "set_ports_enabled", data)


async def shown(port: Port, expected: list[str]) -> None:
    """Wait until the switches show what is expected, and all is quiet."""
    await port.until(lambda: [view.shows("enabled", "switch") for view in views(port)] == expected)
    for view in views(port):
        await view.settle()


@row("module_ctl_i: several ports")
async def _each(port: Port) -> None:
    one, two, three = port.box.line_names
    await set_enabled(port, [], [one, three])
    assert downs(port) == [1, 0, 1]
    await shown(port, ["off", "on", "off"])
    await set_enabled(port, [three], [two])
    assert downs(port) == [1, 1, 0]
    await shown(port, ["off", "off", "on"])
    await set_enabled(port, [one, two], [])
    assert downs(port) == [0, 0, 0]
    await shown(port, ["on", "on", "on"])
    for view in views(port):
        assert view.asked("module_ctl") == []
    assert port.beside(two).asked("module_ctl_i") == [
        f"module_ctl_i # {value} {port.box.line(two).state.password}" for value in (0, 1)
    ]


@row("module_ctl")
async def _at_once(port: Port) -> None:
    one, two, three = port.box.line_names
    channels = {"channels": {one: 1, two: 2, three: 3}}
    port.hass.config_entries.async_update_entry(port.entry, options={**port.entry.options, **channels})
    await set_enabled(port, [], [one, three])
    assert downs(port) == [1, 0, 1]
    await shown(port, ["off", "on", "off"])
    await set_enabled(port, [one], [two])
    assert downs(port) == [0, 1, 1]
    await shown(port, ["on", "off", "off"])
    await set_enabled(port, [two, three], [])
    assert downs(port) == [0, 0, 0]
    await shown(port, ["on", "on", "on"])
    asked = [packet.split()[2] for view in views(port) for packet in view.asked("module_ctl")]
    assert sorted(asked) == sorted(["020", "102", "211"])
    assert [view.asked("module_ctl_i") for view in views(port)] == [[], [], []]


@row("ERROR: svr_reboot_dev, module_ctl")
async def _refused(port: Port) -> None:
    for line in port.box.lines:
        line.refusals |= {"svr_reboot_dev": "not now", "module_ctl_i": "not now", "module_ctl": "not now"}
    errors = [await failure(press) for press in (_press(port), set_enabled(port, [], ["goip1"]))]
    reboot, switch = (error and error.translation_key for error in errors)
    assert switch == "command_refused"
    assert reboot == "command_refused" or (not port.good and ("svr_reboot_module", reboot) in MAY_BE_LOST)
    for view in views(port):
        await view.settle()
        view.line.refusals.clear()
    assert downs(port) == [0, 0, 0]


@row("RECEIVE: in pieces")
async def _pieces(port: Port) -> None:
    text = "0123456789" * 40
    port.line.quirks = Quirks(joins_pieces=False, piece_gap=20.0)
    port.box.receive_sms(port.name, port.number, text)
    await port.until(lambda: len(port.events("sms_received")) == 3)
    await port.heard_out()
    assert [event["message"] for event in port.events("sms_received")] == [
        text[:153],
        text[153:306],
        text[306:],
    ]


@row("RECEIVE: in pieces, which are joined")
async def _joined(port: Port) -> None:
    hass, text = port.hass, "9876543210" * 40
    hass.config_entries.async_update_entry(port.entry, options={**port.entry.options, "join_texts": True})
    await hass.async_block_till_done()
    await all_told(port)
    await port.until(lambda: port.shows("status") == "ready")
    port.line.quirks = Quirks(joins_pieces=False, piece_gap=8.0)
    port.box.receive_sms(port.name, port.number, text)
    await port.until(lambda: port.events("sms_received"))
    await port.heard_out()
    [event] = port.events("sms_received")
    assert (event["message"], event["parts"], event["complete"]) == (text, 3, True)
