"""The archive: rows leave and come back, posts change meanwhile, folders fail, processes die, clocks jump."""

from __future__ import annotations

import hashlib
from contextlib import closing
from datetime import timedelta
from itertools import chain

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from tests.archive.keeping import note_all_ranked
from tests.builders import NOW, post
from tests.machines.machine import FIRST_STEPS, MOST_PROCESSES, Machine
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import Post

TROUBLES = ("", "", "it takes nothing", "it takes it and says no", "it keeps something else")
OLD_DAYS, A_DAY = 2, 8  # days of old posts, and how many each has
DEFECTS = {
    "rows leave before they were proven": """
        CREATE TRIGGER defect AFTER UPDATE OF state ON archive_manifests WHEN NEW.state = 'uploaded'
        BEGIN DELETE FROM posts WHERE id = (SELECT min(id) FROM posts); END""",
    "a restored row is another one": """
        CREATE TRIGGER defect AFTER INSERT ON posts WHEN NEW.id % 5 = 0 AND EXISTS (SELECT 1 FROM archive_manifests)
        BEGIN UPDATE posts SET text = 'another text' WHERE id = NEW.id; END""",
}


class ArchiveMachine(Machine):
    """Each post is live or in a proven file, and comes back as it was."""

    def set_up(self) -> None:
        archive = self.folder / "archive"
        archive.mkdir()
        self.here.environment["ARCHIVE_URL"] = f"file://{archive}"
        self.archive = archive
        self.known: dict[str, Post] = {}  # as they were last stored
        self.young: set[str] = set()
        old = [self.time - timedelta(days=50 + n // A_DAY, minutes=n) for n in range(OLD_DAYS * A_DAY)]
        young = [self.time - timedelta(hours=n) for n in range(40)]
        posts = [
            post(str(n), text=f"post {n}", created_at=to_text(moment), likes=0)
            for n, moment in enumerate(chain(old, young))
        ]
        self.young = {one.source_id for one in posts[len(old) :]}
        self._save(posts)

    def _save(self, posts: list[Post]) -> None:
        with closing(self.here.store()) as store, store.transaction():
            store.posts.save(posts, self.time)
            note_all_ranked(store)
        self.known |= {one.source_id: one for one in posts}

    @precondition(lambda self: len(self.processes) < MOST_PROCESSES)
    @rule(steps=FIRST_STEPS, trouble=st.sampled_from(TROUBLES))
    def an_archive_run_begins(self, steps: int, trouble: str) -> None:
        self.start("archive", "archive", steps, trouble=trouble)

    @precondition(lambda self: len(self.processes) < MOST_PROCESSES)
    @rule(steps=FIRST_STEPS)
    def a_restore_begins(self, steps: int) -> None:
        self.start("archive", "restore", steps)

    @rule(which=st.integers(0, OLD_DAYS * A_DAY - 1))
    def an_old_post_changes(self, which: int) -> None:
        if str(which) in self.live():
            known = self.known[str(which)]
            self._save([known._replace(likes=(known.likes or 0) + 1)])

    @rule()
    def a_new_post_is_stored(self) -> None:
        name = f"new {len(self.known)}"
        self.young.add(name)
        self._save([post(name, text=name, created_at=to_text(self.time))])

    @precondition(lambda self: not self.processes and self.time < NOW + timedelta(days=20))  # what is young stays so
    @rule()
    def days_pass(self) -> None:
        self.time += timedelta(days=3)

    def live(self) -> dict[str, dict[str, object]]:
        """Return the posts in the database."""
        return {row["source_id"]: row for row in self.rows("SELECT source_id, text, likes FROM posts")}

    @invariant()
    def archived_and_live_is_what_was_stored(self) -> None:
        gone = self.value("SELECT coalesce(sum(deleted_rows), 0) FROM archive_manifests")
        live = len(self.live())
        assert live + gone == len(self.known), f"{live} live and {gone} archived of {len(self.known)}"

    @invariant()
    def what_rows_were_deleted_for_is_in_the_folder_as_it_was_read(self) -> None:
        sql = "SELECT key, sha256 FROM archive_manifests WHERE state IN ('verified', 'deleting', 'done')"
        for row in self.rows(sql):
            content = (self.archive / row["key"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == row["sha256"], f"{row['key']} is not what was archived"

    @invariant()
    def what_is_young_stays(self) -> None:
        # Whatever the clock says: the newest posts are witnesses against it.
        left = self.young - self.live().keys()
        assert not left, f"{left} left before their time"

    def come_to_rest(self) -> None:
        self.time += timedelta(days=4)  # past the hold of what was restored, and a clock that was a day ahead
        self.a_new_post_is_stored()
        for _ in range(2):
            # After a run of the future a person has to insist.
            process = self.run_to_its_end("archive", "archive", is_forced=not self.clock_was_always_right)
        assert process.exit_code == 0, process.end
        old = self.known.keys() - self.young
        assert not old & self.live().keys(), f"{sorted(old & self.live().keys())} did not leave"
        unfinished = self.value("SELECT count(*) FROM archive_manifests WHERE state <> 'done'")
        assert not unfinished, f"{unfinished} files were left unfinished"
        left = [path.name for path in (self.here.home / "spool").glob("*") if path.name != "cleaning.lock"]
        assert not left, f"{left} stay in the spool"
        for _ in range(2):
            self.run_to_its_end("archive", "restore")
            self.everything_is_back_as_it_was()

    def everything_is_back_as_it_was(self) -> None:
        """See that what was restored is what was stored last."""
        found = self.live()
        wrong = [
            name
            for name, known in self.known.items()
            if name not in found or (found[name]["text"], found[name]["likes"]) != (known.text, known.likes)
        ]
        assert not wrong, f"{wrong} did not come back as they were"
        self.archived_and_live_is_what_was_stored()
