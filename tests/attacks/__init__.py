"""Attacks on a Home Assistant that has boxes of both families, over real sockets of this host.

meter.py     what an attack costs: the longest turn of the event loop, memory, and lines in the log
figures.py   the rows of the table, and the page that it stands in
amounts.py   how much of each: little in the tests, much in `script/attacks`
wire.py      the attacker's end: sockets and servers in threads of their own
test_*.py    the attacks; each asserts that nothing got through, and reports its figures
__main__.py  `python -m tests.attacks`: all of them in their long form, and the table
"""
