from pathlib import Path

import pytest

from orch_next.core.database import Database
from orch_next.core.marks import Marks
from orch_next.core.schema import TASK, load_snapshot
from orch_next.core.series import Series, find_series
from tests.ledger_text import task_table


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'データ' / 'orch.db'}")


def note(marks: Marks, *ids: str) -> None:
    marks.note(load_snapshot(TASK, task_table(*ids).encode()))


def take(database: Database, series: Series) -> str:
    with database.transaction() as connection:
        return Marks(database).next_id(connection, "task", series)


def test_an_id_that_was_seen_once_is_never_given_again(database: Database) -> None:
    note(Marks(database), "001", "022")
    assert take(database, find_series(["001"])) == "023"
    assert take(database, find_series(["001"])) == "024"


def test_marks_are_kept_by_prefix_and_kind(database: Database) -> None:
    note(Marks(database), "T-9", "50")
    assert take(database, Series("T-", 1, 1)) == "T-10"
    with database.transaction() as connection:
        assert Marks(database).next_id(connection, "approval", Series("", 3, 3)) == "004"


def test_a_lower_number_seen_later_lowers_nothing(database: Database) -> None:
    first, second = Marks(database), Marks(database)
    note(first, "030")
    note(second, "002")
    assert take(database, Series("", 0, 3)) == "031"


def test_a_prefix_longer_than_the_column_has_a_mark_of_its_own(database: Database) -> None:
    long = "長" * 300
    note(Marks(database), f"{long}7")
    assert take(database, Series(long, 0, 1)) == f"{long}8"
    assert take(database, Series(f"{long}x", 0, 1)) == f"{long}x1"


def test_a_database_that_fails_is_tried_again(tmp_path: Path) -> None:
    blocked = tmp_path / "data"
    blocked.write_text("ファイル", encoding="utf-8")
    database = Database(f"sqlite:///{blocked / 'orch.db'}")
    marks = Marks(database)
    note(marks, "022")
    blocked.unlink()
    note(marks, "022")
    assert take(database, Series("", 1, 3)) == "023"
