"""Cursors and gaps: two processes read, X is odd, processes die, clocks jump; what was not read is on record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from hypothesis.stateful import invariant

from tests.machines.machine import LONGEST_RUN
from tests.machines.reading import INDEXED_SECONDS, ReadingMachine

DEFECTS = {
    "a page loses a post": """
        CREATE TRIGGER defect BEFORE INSERT ON posts WHEN CAST(NEW.source_id AS INTEGER) % 16 = 3
        BEGIN SELECT RAISE(IGNORE); END""",
    "a gap shrinks too far": """
        CREATE TRIGGER defect AFTER UPDATE OF until_id ON gaps WHEN NEW.state = 'open'
        BEGIN UPDATE gaps SET until_id = CAST(CAST(NEW.until_id AS INTEGER) - 3 AS TEXT) WHERE id = NEW.id; END""",
    "a page cut short leaves no gap": """
        CREATE TRIGGER defect AFTER INSERT ON gaps WHEN NEW.state = 'open'
        BEGIN UPDATE gaps SET state = 'filled' WHERE id = NEW.id; END""",
}


def a_gap_is_filled_in_two_pages(machine: GapsMachine) -> Iterator[None]:
    """Read some of many posts, and then the first page of the rest."""
    machine.posts_are_published(130)
    machine.posts_are_published(130)
    machine.time += timedelta(seconds=INDEXED_SECONDS)
    machine.an_ingest_begins(LONGEST_RUN, 15)
    yield
    machine.filling_gaps_begins(0)
    [gap] = machine.gaps("open")
    machine.go_on_until(machine.processes[-1], lambda: machine.gaps("open") != [gap])
    yield


def a_run_ends_after_its_first_page(machine: GapsMachine) -> Iterator[None]:
    """Read some of many posts."""
    machine.posts_are_published(40)
    machine.time += timedelta(seconds=INDEXED_SECONDS)
    machine.an_ingest_begins(LONGEST_RUN, 15)
    yield


STORIES = {  # in which a defect shows that random examples seldom meet
    "a gap shrinks too far": a_gap_is_filled_in_two_pages,
    "a page cut short leaves no gap": a_run_ends_after_its_first_page,
}


class GapsMachine(ReadingMachine):
    """What X served is stored, and what it had and we did not read is a gap."""

    def set_up(self) -> None:
        super().set_up()
        self.run_to_its_end("ingest", "ingest")  # there is a cursor, so what comes next must be read or recorded

    def gaps(self, state: str) -> list[tuple[int, int]]:
        """Return the ranges of ids in gaps, both ends left out."""
        rows = self.rows("SELECT since_id, until_id FROM gaps WHERE state = ?", state)
        return [(int(row["since_id"] or 0), int(row["until_id"] or 1 << 63)) for row in rows]

    def unread(self) -> list[int]:
        """Return the posts below the cursor that are neither stored nor in a gap that is open or lost."""
        [cursor] = [int(row["newest_id"]) for row in self.rows("SELECT newest_id FROM cursors")] or [0]
        gaps = [*self.gaps("open"), *self.gaps("lost")]
        below = {post for post in self.published if post <= cursor} - self.stored()
        return sorted(post for post in below if not any(since < post < until for since, until in gaps))

    @invariant()
    def what_lies_below_the_cursor_is_stored_or_in_a_gap(self) -> None:
        unread = self.unread()
        assert not unread, f"{len(unread)} posts below the cursor are neither stored nor in a gap, such as {unread[0]}"

    @invariant()
    def a_page_is_counted_as_it_was_stored(self) -> None:
        stored, audited = len(self.stored()), self.value("SELECT coalesce(sum(new), 0) FROM ingest_audit")
        assert stored == audited, f"{stored} posts are stored, the audit has {audited}"

    def come_to_rest(self) -> None:
        self.rest_and_read(3)
        lost = set(self.published) - self.stored()
        assert not lost, f"{len(lost)} posts were never read: {self.rows('SELECT * FROM gaps')}"
        assert not self.gaps("open"), f"gaps stay open: {self.gaps('open')}"
