import pytest
from tower_anime.errors import ConflictError, InputError, NotFoundError


def test_created_project_is_read_back(projects):
    made = projects.create("夜の街", description="noir", bible={"tone": "dark", "acts": [1, 2]})
    assert projects.get(made.id) == made
    assert projects.find("夜の街") == made
    assert made.bible == {"tone": "dark", "acts": [1, 2]}
    assert made.created_at.utcoffset().total_seconds() == 0


def test_names_are_stored_composed_and_trimmed(projects):
    made = projects.create("  Cafe\u0301 ")
    assert made.name == "Café"
    assert projects.find("Café").id == made.id


def test_folders_differ_where_case_does_not_count(projects):
    folders = [projects.create(name).folder for name in ("Kai", "KAI", "kai!")]
    assert folders == ["kai", "kai-2", "kai-3"]


def test_rename_keeps_the_folder(projects):
    made = projects.create("Neon Rain")
    assert projects.update(made.id, name="夜の街").folder == "neon-rain"


def test_an_impossible_name_is_refused_and_nothing_is_stored(projects):
    with pytest.raises(InputError) as caught:
        projects.create("kai\u202egnp.exe")
    assert caught.value.field == "name"
    assert projects.list() == []


def test_a_name_without_ascii_gets_a_folder_by_its_id(projects):
    assert [projects.create(name).folder for name in ("夜の街", "夢", "CON")] == [
        "project-1",
        "project-2",
        "project-3",
    ]


def test_a_taken_name_is_a_conflict_that_says_so(projects):
    projects.create("Kai")
    other = projects.create("Rin")
    with pytest.raises(ConflictError, match="'Kai' exists"):
        projects.create("Kai")
    with pytest.raises(ConflictError, match="'Kai' exists"):
        projects.update(other.id, name="Kai")
    assert projects.update(other.id, name="Rin").name == "Rin"


def test_ensure_makes_a_project_once(projects):
    assert projects.ensure("Kai") == projects.ensure("Kai")


def test_unknown_project_names_the_known_ones(projects):
    projects.create("Kai")
    with pytest.raises(NotFoundError, match="Known: Kai"):
        projects.find("Rin")
    for impossible in (0, -1, 99, 2**70):
        with pytest.raises(NotFoundError, match=str(impossible)):
            projects.get(impossible)


def test_paging_gives_every_project_once(projects):
    made = [projects.create(f"p{number}").id for number in range(5)]
    pages = [projects.list(limit=2), projects.list(limit=2, after_id=made[1])]
    assert [project.id for page in pages for project in page] == made[:4]
    assert projects.list(after_id=2**40) == []
    with pytest.raises(InputError, match="limit 0"):
        projects.list(limit=0)


def test_each_bible_becomes_a_version(projects, database):
    from sqlalchemy import select
    from tower_anime.db.tables import BibleVersionRow

    made = projects.create("Kai", bible={"v": 1})
    assert projects.update(made.id, bible={"v": 2}).bible == {"v": 2}
    with database.session() as session:
        history = session.execute(
            select(BibleVersionRow.version_number, BibleVersionRow.content).order_by(BibleVersionRow.id)
        ).all()
    assert [tuple(row) for row in history] == [(1, {"v": 1}), (2, {"v": 2})]


@pytest.mark.parametrize("fields", [{"folder": "x"}, {"id": 3}, {"status": "lost"}])
def test_impossible_changes_are_refused(projects, fields):
    made = projects.create("Kai")
    with pytest.raises(InputError) as caught:
        projects.update(made.id, **fields)
    assert caught.value.field in fields
    assert projects.get(made.id) == made


def test_a_full_project_is_deleted_only_with_cascade(projects, characters, jobs, assets, tmp_path):
    made = projects.create("Kai")
    characters.create("Rin", project_id=made.id)
    job = jobs.create("p-1", "comfyui", project_id=made.id)
    assets.add(
        file_path=tmp_path / "a.png",
        file_type="image",
        sha256="0" * 64,
        size_bytes=1,
        job_id=job.id,
        project_id=made.id,
    )
    with pytest.raises(ConflictError, match="1 character, 1 job, 1 asset"):
        projects.delete(made.id)
    projects.delete(made.id, cascade=True)
    assert (projects.list(), characters.list(), jobs.list(), assets.list()) == ([], [], [], [])


def test_an_id_is_never_given_out_twice(projects):
    first = projects.create("Kai")
    projects.delete(first.id)
    assert projects.create("Kai").id > first.id
