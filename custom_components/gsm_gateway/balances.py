"""The balances of the SIMs of one box: asked for by USSD, read, and kept."""

from collections.abc import Callable

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .aiogsm import Gateway
from .balance_check import BalanceCheck, checks_of, manner
from .balance_reader import Reading, make_ready, read
from .balance_store import Balance, BalanceStore
from .balance_timetable import Timetable
from .issues import BALANCE_UNREADABLE, async_end_issue, async_end_issues, async_raise_issue


class Balances:
    """Asks for the balances of one box, at their times and by hand, and tells who listens of each change.

    The last answer is kept, so that it is read anew when the owner changes how, and nothing has to be asked.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, gateway: Gateway) -> None:
        """Begin with none known."""
        self._hass = hass
        self._entry = entry
        self._gateway = gateway
        self._store = BalanceStore(hass, entry)
        self._timetable = Timetable(hass, entry, self.async_check)
        self._listeners: list[Callable[[], None]] = []
        self._begun = False
        self.checks: dict[str, BalanceCheck] = {}

    async def async_load(self) -> None:
        """Remember the balances of before the restart, of the checks that are still there."""
        await self._store.async_load()
        async_end_issues(self._hass, self._entry, BALANCE_UNREADABLE)
        self.checks = checks_of(self._entry)
        for port in self._store.balances.keys() - self.checks.keys():
            self._store.drop(port)
        if self.checks:
            await self._hass.async_add_executor_job(make_ready)
        for check in self.checks.values():
            self._adopt(check)

    async def async_save(self) -> None:
        """Keep at once what would be kept in a while."""
        await self._store.async_save()

    @callback
    def begin(self) -> None:
        """Ask from now on: Home Assistant has started."""
        self._begun = True
        for port, check in self.checks.items():
            self._timetable.make_up(check, self.of(port).answered_at)

    @callback
    def close(self) -> None:
        """Ask no more."""
        self._begun = False
        self._timetable.close()

    @callback
    def changed(self) -> None:
        """Follow the owner, who may have added, changed or removed checks."""
        before, self.checks = self.checks, checks_of(self._entry)
        for port in before.keys() - self.checks.keys():
            self._timetable.drop(port)
            self._store.drop(port)
            async_end_issue(self._hass, self._entry, port, BALANCE_UNREADABLE)
        for port, check in self.checks.items():
            if check != before.get(port):
                self._adopt(check)
                if self._begun:
                    self._timetable.plan(check, self.of(port).answered_at)
        self._tell()

    @callback
    def listen(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call ``listener`` whenever something is read anew."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def of(self, port: str) -> Balance:
        """Give what is known of the balance of a port that has a check."""
        return self._store.balances[port]

    def trial(self, port: str, pattern: str | None, unit: str | None) -> Reading | None:
        """Give what the last answer of a port would be read as."""
        return self._read(self.of(port), pattern, unit)

    @property
    def figures(self) -> dict[str, int]:
        """How many checks there are, and how many of them have an answer that could not be read."""
        unreadable = sum(self.of(port).unreadable for port in self.checks)
        return {"checks": len(self.checks), "unreadable": unreadable}

    async def async_check(self, port: str) -> bool:
        """Ask for the balance of a port now, and give whether the answer can be read. Raise GatewayError."""
        check = self.checks[port]
        await self._hass.async_add_executor_job(make_ready)
        replies = await self._gateway.walk_ussd(port, check.codes)
        current = self.checks.get(port)
        if current is None or current.codes != check.codes:
            return True  # the answer is to what nobody wants to know any more
        now = dt_util.now()
        complete = len(replies) == len(check.codes)
        answer = replies[-1].text
        self._store.put(port, self.of(port)._replace(answer=answer, complete=complete, answered_at=now))
        self._adopt(current)
        self._timetable.answered(current, now)
        self._tell()
        return not self.of(port).unreadable

    def _adopt(self, check: BalanceCheck) -> None:
        """Read the last answer as the check says; one to other codes is forgotten."""
        balance = self._store.balances.get(check.port) or Balance(codes=check.codes)
        if balance.codes != check.codes:
            balance = balance._replace(
                codes=check.codes, answer=None, complete=True, answered_at=None, unreadable=False
            )
            async_end_issue(self._hass, self._entry, check.port, BALANCE_UNREADABLE)
        elif balance.answer is not None:
            balance = self._judge(balance, check)
        self._store.put(check.port, balance)

    def _judge(self, balance: Balance, check: BalanceCheck) -> Balance:
        """Give what is known after an answer; what was read of the one before stays where it says nothing."""
        reading = self._read(balance, check.pattern, check.unit)
        if reading is None:
            async_raise_issue(self._hass, self._entry, check.port, BALANCE_UNREADABLE, answer=balance.shown)
            return balance._replace(unreadable=True)
        async_end_issue(self._hass, self._entry, check.port, BALANCE_UNREADABLE)
        return balance._replace(unreadable=False, reading=reading, read_at=balance.answered_at)

    def _read(self, balance: Balance, pattern: str | None, unit: str | None) -> Reading | None:
        if balance.answer is None or balance.answered_at is None or not balance.complete:
            return None
        today = dt_util.as_local(balance.answered_at).date()
        return read(balance.answer, manner(self._hass, pattern, unit), today)

    def _tell(self) -> None:
        for listener in list(self._listeners):
            listener()
