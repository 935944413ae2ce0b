"""Money: two processes buy posts against one ceiling, X is odd, processes die, days end, clocks jump."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from hypothesis.stateful import invariant, precondition, rule

from tests.machines.machine import LONGEST_RUN
from tests.machines.reading import ReadingMachine

DAY_CEILING, MONTH_CEILING = 45, 120
DEFECTS = {
    "what was used is not booked": """
        CREATE TRIGGER defect AFTER DELETE ON spend_reservations
        BEGIN UPDATE spend SET used = used / 2 WHERE day = OLD.day; END""",
    "a reservation holds nothing": """
        CREATE TRIGGER defect AFTER INSERT ON spend_reservations
        BEGIN UPDATE spend_reservations SET units = 0 WHERE id = NEW.id; END""",
    "a dead run loses its reservation": """
        CREATE TRIGGER defect AFTER UPDATE OF status ON job_runs WHEN NEW.status = 'abandoned'
        BEGIN DELETE FROM spend_reservations WHERE run_id = NEW.id; END""",
}


def a_bill_outlives_its_run(machine: MoneyMachine) -> Iterator[None]:
    """Kill a run that X has billed and that did not hear of it; the next one begins a day later."""
    machine.an_ingest_begins(0, None)
    [process] = machine.processes
    machine.go_on_until(process, machine.bills)
    yield
    machine.a_process_is_killed_where_it_stands(0, 0)
    yield
    machine.a_night_passes()
    machine.a_night_passes()
    machine.an_ingest_begins(LONGEST_RUN, None)
    yield


STORIES = {"a dead run loses its reservation": a_bill_outlives_its_run}  # random examples seldom meet it


class MoneyMachine(ReadingMachine):
    """What X bills is in our books, and within the ceilings."""

    x_settings = {  # noqa: RUF012
        "X_MAX_READS_PER_DAY": str(DAY_CEILING),
        "X_MAX_READS_PER_MONTH": str(MONTH_CEILING),
    }

    def set_up(self) -> None:
        super().set_up()
        self.was_ahead = False
        self.wrong_days: set[date] = set()  # on which a clock was wrong before anything was bought

    @precondition(lambda self: not self.processes)
    @rule()
    def a_night_passes(self) -> None:
        self.time += timedelta(hours=13)

    def before_a_step(self) -> None:
        super().before_a_step()
        today = self.time.date()
        self.was_ahead |= self.off > timedelta()
        if self.off and not self.server.billing.posts_by_day.get(today):
            self.wrong_days.add(today)

    def bills(self) -> dict[date, int]:
        """Return how many posts X has billed, by day."""
        return {day: len(posts) for day, posts in self.server.billing.posts_by_day.items()}

    def booked(self) -> int:
        """Return what our books hold, with what is set aside."""
        used = self.value("SELECT coalesce(sum(used), 0) FROM spend WHERE service = 'x'")
        set_aside = self.value("SELECT coalesce(sum(units), 0) FROM spend_reservations WHERE service = 'x'")
        return int(used + set_aside)

    @invariant()
    def our_books_hold_at_least_what_x_billed(self) -> None:
        billed = sum(self.bills().values())
        assert self.booked() >= billed, f"X billed {billed}, our books hold {self.booked()}"

    @invariant()
    def no_day_passes_its_ceiling(self) -> None:
        # A clock that is ahead has another day, and one that is back on a day's first purchase cannot know better.
        passed = {
            day: count for day, count in self.bills().items() if count > DAY_CEILING and day not in self.wrong_days
        }
        assert not passed or self.was_ahead, f"X billed {passed}, the ceiling is {DAY_CEILING}"

    @invariant()
    def no_month_passes_its_ceiling(self) -> None:
        billed = sum(self.bills().values())
        assert billed <= MONTH_CEILING or self.was_ahead, f"X billed {billed}, the ceiling is {MONTH_CEILING}"

    @invariant()
    def what_is_set_aside_belongs_to_a_run(self) -> None:
        lone = self.value("SELECT count(*) FROM spend_reservations WHERE run_id NOT IN (SELECT id FROM job_runs)")
        assert not lone, f"{lone} reservations belong to no run"

    def come_to_rest(self) -> None:
        self.rest_and_read(2)
        left = self.value("SELECT count(*) FROM spend_reservations")
        assert not left, f"{left} reservations were never settled"
        self.our_books_hold_at_least_what_x_billed()
        self.no_day_passes_its_ceiling()
        self.no_month_passes_its_ceiling()
