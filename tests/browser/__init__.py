"""A stranger's way through the real frontend, in a real browser: see `script/browser --help`.

stage.py     an empty Home Assistant, the simulated boxes and a Chromium, all of them on loopback
visitor.py   a person at that browser: looks, clicks, types; counts that, and finds fault with what is shown
steps.py     what the person does: add a box, add a contact, make an automation, look at the dashboard
walk.py      the whole way, and what must be true of it
images.py    the pictures in README, taken from the demo
"""
