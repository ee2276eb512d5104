"""Datagrams as a GoIP writes them, and nearly so. In the words of the vendor's "GoIP SMS Interface".

In the scripts of dialogs some words are filled in when they are played: ``$P`` the password, ``$S`` the
sendid that we used last, ``$T`` the one before, ``$L`` the line. Alone they are words like any other.
"""

from random import Random

from .damage import ODD, damaged

_NUMBERS = ("0", "1", "2", "3", "10", "99", "-1", "160", "7568", "1270197307", "9999999999", "")
_PHONES = ("+15550100001", "10086", "", "(null)", "<null>", "+49 151", "unknown", "'; DROP", "\u0660\u0660")
_TEXTS = (
    "hello",
    "a;b:c;msg:d",
    "",
    "\r\n",
    "two\nlines\n",
    "é€😀",
    "[SMS2 missed]rest",
    "{{ states('lock.door') }}",
    "\u202etxt\u2028",
    "x" * 160,
    "Pin (1234) Error",
)

_VALUES: dict[str, tuple[str, ...]] = {
    "signal": ("20", "31", "32", "99", "-1", "0", "x"),
    "gsm_status": ("LOGIN", "LOGOUT", "", "UNKNOWN", "login"),
    "voip_status": ("LOGIN", "LOGOUT", "UP", "DOWN", "??"),
    "voip_state": ("IDLE", "INCOMING:+15550100002", "DIALING", "CONNECTED", "ACTIVE", "BUSY", "DOWN", "NEW"),
    "remain_time": ("-1", "0", "100", "-2", "99999999999", " 5 "),
    "pro": ("CHINA MOBILE", "(null)", "\x00", "é" * 100),
    "num": _PHONES,
    "imei": ("490154203237518", "000000000000000", "49015420323751ff"),
    "imsi": ("001010123456789", "", "0"),
    "iccid": ("8949001012345678901f", "8949001012345678902f"),
    "disable_status": ("0", "1", "2"),
    "CELLINFO": ('"AE09"', "AE09", ""),
}

_PUSHED: dict[str, dict[str, tuple[str, ...]]] = {
    "RECEIVE": {"srcnum": _PHONES, "msg": _TEXTS},
    "DELIVER": {"sms_no": _NUMBERS, "state": ("0", "31", "32", "64", "127", "128", "x"), "num": _PHONES},
    "STATE": {"gsm_remain_state": _VALUES["voip_state"]},
    "RECORD": {"dir": ("1", "2", "3"), "num": _PHONES},
    "HANGUP": {"num": ("+15550100002,cause:NORMAL", '1;cause:"BUSY', "", ",cause:")},
    "EXPIRY": {"exp": _NUMBERS},
    "REMAIN": {"gsm_remain_time": _VALUES["remain_time"]},
    "USSN": {"msg": _TEXTS},
    "CELLS": {"lists": ("AE09,AE10", ",,,", "", "a,a,b")},
    "CELLINFO": {"info": _VALUES["CELLINFO"]},
    "NEWS": {"x": ("y",)},
}

_TELIDS = ("1", "2", "11", "-1", "x", "")

_REPLIES: dict[str, tuple[str, ...]] = {
    "PASSWORD": ("",),
    "SEND": ("",),
    "DONE": ("",),
    "USSDEXIT": ("",),
    "WAIT": ("1", "2", ""),
    "OK": ("1 160", "1", "2 161 ", "1 0", "x y"),
    "ERROR": (
        "1 errorstatus:38",
        "errorstatus:38",
        "PASSWORD",
        "SENDID",
        "GSM_LOGOUT",
        "too_many_sends_in_server",
        "",
        "2 errorstatus:x",
    ),
    "USSDERROR": ("timeout", ""),
    "USSD": ("Your balance is 5", "USSD send failed!", "", "é@\r\n\0"),
    "get_gsm_num": _PHONES,
    "get_exp_time": _VALUES["remain_time"],
    "get_gsm_state": _VALUES["voip_state"],
    "set_gsm_num": ("ok", "13800138001 ok"),
    "svr_drop_call": ("ok",),
    "svr_reboot_module": ("ok",),
    "svr_reboot_dev": ("ok",),
    "CFSTATE": ("1 +15550100003", "0", "2 x", ""),
    "CFOK": ("",),
    "CFERROR": ("no",),
    "CWSTATE": ("1", "0", ""),
    "CWOK": ("",),
    "get_imei": _VALUES["imei"],
    "set_imei": ("ok",),
    "module_ctl_i": ("ok", "1"),
    "module_ctl": ("ok",),
    "set_base_cell": ("ok", "failed"),
    "get_cells_list": ("OK", "AE09"),
    "CURCELL": ("AE09",),
    "status_flag": ("ok",),
    "reset_remain_time": ("ok",),
}

_END_MARKS = ("", "", "", "\0", "\r\n", "\n", ";")

SENDIDS = ("$S", "$S", "$S", "$T", "11", "879901", "0", "9999999999")
LINES = ("$L", "$L", "$L", "$L", "goip2", "nobody", "", "a b", "é" * 70)
PASSWORDS = ("$P", "$P", "$P", "wrong", "", "x" * 80)


def _one(random: Random, words: tuple[str, ...]) -> str:
    return random.choice(words)


def keepalive(random: Random) -> str:
    """Write what a line says every 30 s."""
    fields = [f"id:{_one(random, LINES)}", f"{_one(random, ('pass', 'password'))}:{_one(random, PASSWORDS)}"]
    often = random.choice((0.0, 0.4, 0.4))
    for key, values in _VALUES.items():
        if random.random() < often:
            fields.append(f"{key}:{_one(random, values)}")
    return f"req:{_one(random, _NUMBERS)};{_list(random, fields)}"


def push(random: Random) -> str:
    """Write what a line tells when something happens."""
    verb = _one(random, tuple(_PUSHED))
    fields = [f"id:{_one(random, LINES)}", f"{_one(random, ('pass', 'password'))}:{_one(random, PASSWORDS)}"]
    fields += [f"{key}:{_one(random, values)}" for key, values in _PUSHED[verb].items()]
    return f"{verb}:{_one(random, _NUMBERS)};{_list(random, fields)}"


def _list(random: Random, fields: list[str]) -> str:
    if random.random() < 0.1:
        random.shuffle(fields)
    if random.random() < 0.2:
        del fields[random.randrange(min(len(fields), 2))]  # the id, or the password
    if random.random() < 0.1:
        fields.append(random.choice(fields))
    return _one(random, (";", ";", ";", ";;", "; ")).join(fields) + _one(random, ("", ";"))


def reply(random: Random) -> str:
    """Write what a line answers."""
    if random.random() < 0.1:
        fields = [
            f"{key}:{_one(random, _VALUES['remain_time'])}"
            for key in ("get_exp_time", "get_remain_time", "module_down", "imei", "CURCELL", "get_gsm_num")
        ]
        return f"{_one(random, ('GSM', 'AT'))}:{_one(random, SENDIDS)};{';'.join(fields)}"
    verb = _one(random, tuple(_REPLIES))
    return f"{verb} {_one(random, SENDIDS)} {_one(random, _REPLIES[verb])}"


def datagram(random: Random) -> bytes:
    """Write any packet, often damaged."""
    written = random.choice((keepalive, push, push, reply, reply))(random) + _one(random, _END_MARKS)
    data = written.encode()
    if random.random() < 0.05:
        data += random.choice(ODD) * random.choice((10, 1000, 5000))
    return damaged(random, data) if random.random() < 0.4 else data
