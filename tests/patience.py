"""Has time that flies wait for the store's thread. To be imported wherever a store is used in such time."""

from custom_components.gsm_gateway.store.worker import Worker
from tests.simulators.fast_time import counted

Worker.do = counted(Worker.do)  # type: ignore[method-assign]
