"""What the machines of money and of gaps share: X has posts and oddities, and two processes read it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.installation import TOKEN, x_settings
from tests.machines.machine import FIRST_STEPS, MOST_PROCESSES, Machine
from tests.servers import Answer, Fault, Request, XServer, faults, x_post
from tests.servers.messages import Delivery

REFUSED = {  # by their names; nothing is read with these
    fault.name: fault
    for fault in (
        *(faults.server_error(code) for code in (500, 503)),
        *(faults.rate_limited(reset) for reset in faults.Reset),
        faults.unauthorized(),
        faults.forbidden(),
        faults.credits_depleted(),
        faults.usage_capped(),
        faults.html_page(),
        faults.redirect_to_login(),
        faults.connection_reset(),
        faults.empty_body(),
        faults.broken_json(),
        faults.json_list(),
    )
}
DELIVERED: dict[str, Callable[[Answer], Answer]] = {  # posts are read, billed, and lost on their way
    "answer lost": lambda answer: Answer(delivery=Delivery.RESET),
    "half an answer": lambda answer: Answer(200, answer.body, answer.headers, Delivery.TRUNCATED),
    "half its JSON": lambda answer: Answer(200, answer.body[: len(answer.body) // 2], answer.headers),
}
INDEXED_SECONDS = 100  # by then a post can be found by search, and its gap may be closed


class ReadingMachine(Machine):
    """An operator who searches X for a bridge."""

    x_settings: dict[str, str] = {}  # noqa: RUF012 - of each machine, never changed

    def set_up(self) -> None:
        self.time += timedelta(days=10)  # the month is well on its way
        self.server = XServer(clock=lambda: self.time.timestamp(), bearer_token=TOKEN, quotas={"search_recent": 10**6})
        self.server.start()
        self.here.environment |= x_settings(self.server.url, HTTP_TIMEOUT="15s", **self.x_settings)
        self.published: list[int] = []
        self.oddities: list[str] = []
        self.server.faults.decide_with(self._answer)
        self.posts_are_published(1)
        self.time += timedelta(seconds=INDEXED_SECONDS)

    def clean_up(self) -> None:
        self.server.stop()

    def before_a_step(self) -> None:
        self.server.date_off = -self.off.total_seconds()  # X's clock is right

    def _answer(self, request: Request) -> Fault | None:
        """Answer with the next oddity."""
        if not self.oddities:
            return None
        oddity = self.oddities.pop(0)
        if oddity in REFUSED:
            return REFUSED[oddity]
        return Fault(oddity, lambda request: DELIVERED[oddity](self.server.respond(request)))

    @rule(count=st.sampled_from((3, 40, 130)))
    def posts_are_published(self, count: int) -> None:
        posts = [
            x_post(
                self.time,
                f"the bridge {len(self.published) + n}",
                author_id=str(len(self.published) + n + 1),
                sequence=n,
            )
            for n in range(count)
        ]
        self.server.add(posts)
        self.published += [int(post["id"]) for post in posts]
        self.time += timedelta(seconds=1)

    @precondition(lambda self: len(self.processes) < MOST_PROCESSES)
    @rule(steps=FIRST_STEPS, limit=st.sampled_from((None, 15, 40)))
    def an_ingest_begins(self, steps: int, limit: int | None) -> None:
        # Under different names: the lock would let only one of them go on.
        if not any(process.job_id == "ingest" for process in self.processes):
            self.start("ingest", "ingest", steps, limit=limit)

    @precondition(lambda self: len(self.processes) < MOST_PROCESSES)
    @rule(steps=FIRST_STEPS)
    def filling_gaps_begins(self, steps: int) -> None:
        if not any(process.job_id == "brief" for process in self.processes):
            self.start("brief", "fill_gaps", steps)

    @rule(oddities=st.lists(st.sampled_from((*REFUSED, *DELIVERED)), min_size=1, max_size=3))
    def x_becomes_odd(self, oddities: list[str]) -> None:
        self.oddities += oddities

    @rule()
    def x_is_well_again(self) -> None:
        self.oddities.clear()

    def stored(self) -> set[int]:
        """Return the ids of stored posts."""
        return {int(row["source_id"]) for row in self.rows("SELECT source_id FROM posts")}

    def rest_and_read(self, times: int) -> None:
        """Read so often, undisturbed, with time enough between for any pause."""
        self.oddities.clear()
        for _ in range(times):
            self.time += timedelta(minutes=20)
            self.run_to_its_end("ingest", "ingest")
