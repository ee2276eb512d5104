"""Proves that no text is lost, none sent twice and none replayed, by injecting faults. `script/reliability`.

The simulated boxes run in the harness's own process and judge: their outbox is what reached the network, what
they push is what was received. On the other side stands one of

    home.py         the library with its real store, as the integration uses it, in the harness's own loop;
    bare.py         the same in a process of its own, which can be killed (started by alone.py);
    whole/          a whole Home Assistant, which can be killed, too (started by whole/launch.py).

Each notes what an automation would have acted on in a file that survives a kill (witness.py). The rest:

    plan.py         what is sent and received in a run, and how the box is reached
    wire.py         the judge's end of the wire: both boxes, and what of their pushes could be heard
    judge.py        counts what was lost, doubled and replayed
    inside.py       a run in the harness's own loop, whose time flies
    knife.py        lets a process kill itself at one exact place
    skip.py         lets a process skip a minute that it would only wait
    process.py      starts, kills and stops processes
    kills.py, network.py, troubles.py
                    the faults, a row of the table each
    rows.py         all rows: which there are, and how often each fault is injected
    table.py        the table, in the terminal and in docs/reliability.md
    __main__.py     the long form
    test_reliability.py, test_judge.py
                    the short form; and that the judge sees what it is there for
"""
