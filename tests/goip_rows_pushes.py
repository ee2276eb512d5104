"""The table's rows for section 6 of the GoIP's wire reference: what a line tells by itself."""

from tests.simulators.goip_state import NULL, Generation, Quirks

from .goip_bench import Port, Row, Table

PUSHES = Table()
row = PUSHES.row


# Calls


@row("STATE, RECORD, HANGUP, EXPIRY, REMAIN: a call that comes in")
async def _incoming(port: Port) -> None:
    port.box.ring(port.name, port.number)
    await port.until(lambda: port.shows("call_state") == "incoming")
    await port.heard_out()
    assert port.calls() == ["incoming"]
    port.box.answer(port.name)
    await port.until(lambda: port.shows("call_state") == "connected")
    await port.heard_out()
    port.box.hang_up(port.name, "User busy")
    await port.until(lambda: port.shows("call_state") == "idle")
    await port.heard_out()
    assert port.calls() == ["incoming", "connected", "ended"]
    for call in port.events("call"):
        assert (call["direction"], call["number"]) == ("incoming", port.number)
    ended = port.events("call")[-1]
    assert port.cause("User busy")
    assert 0 < ended["duration"] <= 60
    told = port.attributes("call", "event")
    assert (told["event_type"], told["number"], told["cause"]) == ("ended", port.number, ended["cause"])


@row("STATE, RECORD, HANGUP, EXPIRY, REMAIN: a call that goes out")
async def _outgoing(port: Port) -> None:
    port.line.state.exp_time, port.line.state.remain_time = 30, 20
    port.box.dial(port.name, port.number)
    await port.until(lambda: port.shows("call_state") == "alerting")
    await port.heard_out()
    port.box.answer(port.name)
    await port.until(lambda: port.shows("call_state") == "connected")
    await port.heard_out()
    port.box.hang_up(port.name, minutes=3)
    await port.until(lambda: port.shows("remaining_time") == "17")
    await port.heard_out()
    assert port.calls() == ["outgoing", "connected", "ended"]
    assert {(call["direction"], call["number"]) for call in port.events("call")} == {
        ("outgoing", port.number)
    }
    assert port.shows("call_state") == "idle"


@row("RECORD: twice, and without its number")
async def _record(port: Port) -> None:
    usual, port.line.quirks = port.line.quirks, Quirks(record_number=False)
    port.line.push_record("")
    await port.until(port.calls)
    await port.heard_out()
    port.line.push_record("")
    await port.heard_out()
    assert port.calls() == ["incoming"]
    port.line.push_state("IDLE")
    await port.until(lambda: len(port.calls()) == 2)
    await port.heard_out()
    assert port.calls() == ["incoming", "ended"]
    port.line.quirks = usual


@row("STATE: ACTIVE")
async def _active(port: Port) -> None:
    port.line.push_state(f"INCOMING:{port.number}")
    await port.heard_out()
    port.line.push_state("ACTIVE")
    await port.until(lambda: port.shows("call_state") == "connected")
    await port.heard_out()
    port.line.push_state("IDLE")
    await port.until(lambda: port.shows("call_state") == "idle")
    await port.heard_out()
    assert port.calls() == ["incoming", "connected", "ended"]


@row("STATE: a word that nobody knows")
async def _unknown_state(port: Port) -> None:
    port.line.push_state("SINGING")
    await port.until(lambda: port.shows("call_state") == "unknown")
    await port.heard_out()
    port.line.push_state("IDLE")
    await port.until(lambda: port.shows("call_state") == "idle")
    await port.heard_out()
    assert port.calls() == []


@row("HANGUP: without a number, with a stray quote")
async def _hangup(port: Port) -> None:
    port.line.push_state("INCOMING:")
    await port.until(port.calls)
    await port.heard_out()
    port.line.state.voip_state = "IDLE"
    port.line.push_hangup('Out of service"')
    await port.until(lambda: len(port.calls()) == 2)
    await port.heard_out()
    assert port.calls() == ["incoming", "ended"]
    assert port.events("call")[-1]["cause"] == "Out of service"


@row("REMAIN")
async def _remain(port: Port) -> None:
    port.line.state.remain_time = 12
    port.line.push_remain()
    await port.until(lambda: port.shows("remaining_time") == "12")
    await port.heard_out()
    port.line.state.remain_time = -1
    port.line.push_remain()
    await port.until(lambda: port.shows("remaining_time") == "unknown")
    assert port.attributes("remaining_time")["unlimited"]
    await port.heard_out()


@row("EXPIRY: with no call")
async def _expiry(port: Port) -> None:
    port.line.push_expiry(-1)
    port.line.push_expiry(3)
    await port.heard_out()
    assert port.calls() == []


# The network


@row("USSN")
async def _ussn(port: Port) -> None:
    text = f"Balance; of {port.number}:\n12,34 €"
    port.line.push_ussd(text)
    await port.until(lambda: port.events("ussd_received"))
    await port.heard_out()
    assert [event["text"] for event in port.events("ussd_received")] == [text]


@row("CELLINFO")
async def _cell_info(port: Port) -> None:
    for quotes, info in ((True, "LAC:7E5,CELL ID:1111"), (False, "LAC:7E5,CELL ID:2222")):
        usual, port.line.quirks = port.line.quirks, Quirks(quotes_cell_info=quotes)
        before = port.shows("cell")
        port.line.push_cell_info(info)
        await port.until(lambda before=before: port.shows("cell") != before)
        assert port.shows("cell") == info
        await port.heard_out()
        assert port.shows("cell") == info
        port.line.quirks = usual


@row("CELLS: unasked for")
async def _cells(port: Port) -> None:
    port.line.push_cells()
    await port.heard_out()


@row("BCCH")
async def _bcch(port: Port) -> None:
    port.line.push_neighbours()
    await port.heard_out()


@row("CGATT")
async def _cgatt(port: Port) -> None:
    port.line.push_attached(attached=False)
    port.line.push_attached(attached=True)
    await port.heard_out()


@row("NUMRECORD, NUM_ICCID, need_recharge, recharge_ok, and words that nobody knows")
async def _custom(port: Port) -> None:
    for verb in ("NUMRECORD", "NUM_ICCID", "need_recharge", "recharge_ok", "BRANDNEW"):
        port.line.push(verb, "x:1;y:2")
    await port.heard_out()


@row("AT")
async def _at(port: Port) -> None:
    state = port.line.state
    text = f"AT:77;count:1;id:{state.name};password:{state.password};receive:write:AT+CSQ"
    port.line.transmit(text.encode(), port.box.server)
    await port.a_while()
    assert port.asked("AT") == []


# Keepalives


@row("req: every field")
async def _keepalive(port: Port) -> None:
    state = port.line.state
    state.csq, state.operator, state.voip_status, state.remain_time = 20, "CHINA UNICOM GSM", "LOGIN", 8
    state.cell_info, state.num = "LAC:7E5,CELL ID:5E5F", port.number
    await port.told()
    shown = {
        key: port.shows(key) for key in ("signal_strength", "operator", "remaining_time", "cell", "status")
    }
    assert shown == {
        "signal_strength": "-73",
        "operator": "CHINA UNICOM GSM",
        "remaining_time": "8",
        "cell": "LAC:7E5,CELL ID:5E5F",
        "status": "ready",
    }
    assert [port.shows(key) for key in ("phone_number", "imei", "imsi", "iccid")] == [
        port.number, state.imei, state.imsi, state.iccid,
    ]  # fmt: skip
    assert port.shows("voip_registered", "binary_sensor") == "on"
    state.csq, state.voip_status, state.num, state.remain_time = 99, "LOGOUT", NULL, -1
    iccid, state.iccid = state.iccid, state.iccid[:19] + "f"
    await port.told()
    assert port.shows("signal_strength") == "unknown"
    assert port.shows("phone_number") == "unknown"
    assert port.shows("iccid") == iccid[:19]
    assert port.shows("voip_registered", "binary_sensor") == "off"
    state.iccid, state.csq = iccid, 29
    await port.told()


@row("req: LOGOUT")
async def _logout(port: Port) -> None:
    port.line.state.gsm_status = "LOGOUT"
    await port.told()
    assert port.shows("status") == "not_registered"
    assert port.shows("signal_strength") == "unknown"
    port.line.state.gsm_status = "LOGIN"
    await port.told()
    assert port.shows("status") == "ready"


def _generation(generation: Generation) -> Row:
    async def run(port: Port) -> None:
        usual, port.line.generation = port.line.generation, generation
        port.line.quirks = Quirks(keepalive_password="password", push_password="pass")
        await port.restart()
        await port.told()
        assert port.shows("status") == "ready"
        port.box.receive_sms(port.name, port.number, f"from {generation.name}")
        await port.until(lambda: port.events("sms_received"))
        await port.heard_out()
        assert [event["message"] for event in port.events("sms_received")] == [f"from {generation.name}"]
        port.line.generation, port.line.quirks = usual, port.box.quirks
        await port.told()

    return run


for _generation_ in Generation:
    row(f"req: {_generation_.name}")(_generation(_generation_))
