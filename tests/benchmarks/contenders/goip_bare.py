"""The floor: a datagram comes, a fixed one goes back, and nothing is read."""

import asyncio
from typing import cast, override

ANSWER = b"reg:1;status:200;"


class Bare(asyncio.DatagramProtocol):
    """Answers whatever comes."""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._transport.sendto(ANSWER, addr)


async def main() -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Bare, local_addr=("127.0.0.1", 0))
    print("ready", transport.get_extra_info("sockname")[1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
