"""Recent: what was seen within its span is known, and it never grows beyond its limit."""

from custom_components.gsm_gateway.aiogsm.recent import Recent


def test_knows_what_it_saw_within_the_span() -> None:
    recent: Recent[str] = Recent(span=10, limit=5)
    assert recent.add("a", 0)
    assert not recent.add("a", 9.9)
    assert recent.add("a", 10)


def test_forgets_the_oldest_beyond_the_limit() -> None:
    recent: Recent[int] = Recent(span=10, limit=2)
    assert all(recent.add(key, 0) for key in range(3))
    assert not recent.add(2, 1)
    assert not recent.add(1, 1)
    assert recent.add(0, 1)


def test_pushes_nothing_out_where_it_is_asked_not_to() -> None:
    recent: Recent[int] = Recent(span=10, limit=2)
    assert recent.add_if_room(1, 0)
    assert not recent.add_if_room(1, 1)
    assert recent.add_if_room(2, 1)
    assert not recent.add_if_room(3, 2)
    assert not recent.has(3, 2)
    assert recent.add_if_room(3, 10)


def test_takes_what_it_remembers_once() -> None:
    recent: Recent[str] = Recent(span=10, limit=5)
    recent.add("a", 0)
    recent.add("b", 0)
    assert not recent.take("c", 1)
    assert recent.take("a", 9.9)
    assert not recent.take("a", 9.9)
    assert not recent.take("b", 10)


def test_clears() -> None:
    recent: Recent[int] = Recent(span=10, limit=2)
    recent.add(1, 0)
    recent.clear()
    assert recent.add(1, 0)
