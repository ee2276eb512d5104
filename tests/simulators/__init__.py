"""The hardware that tests and the demo talk to: a NeoGate TG and a GoIP, played over loopback sockets.

They speak the bytes of the vendors' documents and share no code with the library they test, so a mistake
cannot cancel itself out. Nothing here imports the integration.

    simulator.py        what both boxes promise: start/stop, records, `wait_for`, and one verb per line event
    faults.py           named faults (mute, half_a_line, ...), injected into either box
    neogate.py          NeoGate: the TG box (TCP); start here
    neogate_session.py  one connection of it: framing, login, actions
    neogate_cli.py      the command line behind `smscommand`: words and a table of commands
    neogate_span.py     one GSM port: its state, firmware variants and how a status is written
    goip.py             GoIP: the box (UDP); start here
    goip_line.py        one line: socket, keepalive, dispatch
    goip_state.py       what a line knows of itself, and how firmwares differ
    goip_push.py        what a line sends by itself, resent until acknowledged
    goip_sms.py         bulk SMS sessions
    goip_ussd.py        USSD and its memory
    goip_commands.py    every other verb: one row each
    goip_network.py     those among them with a form of their own: CF, CW, GSM
    lossy.py            a bad network between a GoIP and its server
    fast_time.py        lets hours of a loop's time pass in a moment
    raw.py              plain peers of either box, for tests of the bytes
    control.py          one JSON object per line over TCP, to play with running boxes
    __main__.py         `python -m tests.simulators`: runs both boxes, or talks to running ones
"""
