import numpy as np
import pytest
from tower_anime.consistency.character import CharacterLora
from tower_anime.errors import ConflictError, InputError, NotFoundError


def test_created_character_is_read_back(characters, projects, references):
    project = projects.create("東京")
    made = characters.create(
        "カイ・ナカムラ",
        project_id=project.id,
        description="pilot",
        prompt="silver hair",
        negative_prompt="hat",
        loras=[CharacterLora("kai.safetensors", 0.8, 0.6)],
        consistency_threshold=0.42,
        references=references,
    )
    assert characters.get(made.id) == made
    assert characters.find("カイ・ナカムラ", project.id) == made
    assert made.version.number == 1
    assert made.loras == (CharacterLora("kai.safetensors", 0.8, 0.6),)
    assert [(r.path, r.sha256, r.width, r.height, r.warnings) for r in made.references] == [
        (r.path, r.sha256, r.width, r.height, r.warnings) for r in references
    ]


def test_a_name_is_unique_in_its_project_and_among_shared_characters(characters, projects):
    one, other = projects.create("One"), projects.create("Other")
    for owner in (None, one.id, other.id):
        characters.create("Kai", project_id=owner)
        with pytest.raises(ConflictError, match="'Kai' exists"):
            characters.create("Kai", project_id=owner)
    assert characters.labels() == ["Kai", "One / Kai", "Other / Kai"]


@pytest.mark.parametrize("in_project", [False, True])
def test_the_database_itself_refuses_a_second_name(database, projects, in_project):
    from tower_anime.db.tables import CharacterRow

    owner = projects.create("One").id if in_project else None
    with pytest.raises(ConflictError, match="stored already"), database.session() as session:
        session.add_all([CharacterRow(name="Kai", project_id=owner) for _ in range(2)])


def test_every_label_leads_back_to_its_character(characters, projects):
    owner = projects.create("A / B")
    made = [characters.create("Kai"), characters.create("Kai", project_id=owner.id)]
    assert [characters.by_label(label).id for label in ("Kai", "A / B / Kai")] == [c.id for c in made]
    with pytest.raises(InputError, match="contains ' / '"):
        characters.create("B / Kai")
    with pytest.raises(NotFoundError, match="Known: A / B / Kai, Kai"):
        characters.by_label("C / Kai")


def test_rename_keeps_id_references_and_embeddings(characters, references):
    made = characters.create("Kai", references=references)
    vector = np.linspace(-1, 1, 8, dtype=np.float32)
    characters.store_embeddings(made.version.id, "appearance", "1", {references[0].sha256: vector})
    renamed = characters.update(made.id, name="Rin", consistency_threshold=None)
    assert (renamed.id, renamed.name, renamed.references) == (made.id, "Rin", made.references)
    stored = characters.embeddings(renamed.version.id, "appearance", "1")
    np.testing.assert_array_equal(stored[references[0].sha256], vector)


def test_new_references_are_a_new_version_and_the_old_one_stays(characters, database, references):
    from sqlalchemy import select
    from tower_anime.db.tables import CharacterReferenceRow, CharacterRow

    made = characters.create("Kai", references=references)
    older = characters.set_references(
        made.id, references[1:], age_state="child", emotional_state="sad", prompt="small"
    )
    assert (older.version.number, older.version.age_state, older.version.prompt) == (2, "child", "small")
    assert len(older.references) == 2
    with database.session() as session:
        pictures = session.scalars(
            select(CharacterReferenceRow.path).where(
                CharacterReferenceRow.character_version_id == made.version.id
            )
        ).all()
        path = session.get_one(CharacterRow, made.id).reference_image_path
    assert len(pictures) == 3
    assert path == str(references[1].path)


def test_embeddings_are_kept_by_encoder_version_and_picture(characters, references):
    version = characters.create("Kai", references=references).version.id
    a, b = references[0].sha256, references[1].sha256
    ones = np.ones(4, np.float32)
    characters.store_embeddings(version, "ccip", "1", {a: ones, b: 2 * ones})
    characters.store_embeddings(version, "ccip", "2", {a: 3 * ones})
    characters.store_embeddings(version, "ccip", "1", {a: 4 * ones})
    stored = characters.embeddings(version, "ccip", "1")
    assert {sha: vector.tolist() for sha, vector in stored.items()} == {a: [4.0] * 4, b: [2.0] * 4}
    assert stored[a].dtype == np.float32
    assert characters.embeddings(version, "ccip", "3") == {}


@pytest.mark.parametrize("vector", [[], [[1.0]], [np.nan], [np.inf]])
def test_a_vector_that_means_nothing_is_refused_with_all_others(characters, references, vector):
    version = characters.create("Kai", references=references).version.id
    vectors = {"a" * 64: np.ones(1, np.float32), "b" * 64: np.array(vector, np.float32)}
    with pytest.raises(InputError, match="bbbb"):
        characters.store_embeddings(version, "ccip", "1", vectors)
    assert characters.embeddings(version, "ccip", "1") == {}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"consistency_threshold": 1.01}, "consistency_threshold"),
        ({"consistency_threshold": float("nan")}, "consistency_threshold"),
        ({"name": ""}, "name"),
        ({"version": 3}, "version"),
    ],
)
def test_impossible_changes_are_refused(characters, fields, field):
    made = characters.create("Kai")
    with pytest.raises(InputError) as caught:
        characters.update(made.id, **fields)
    assert caught.value.field == field
    assert characters.get(made.id) == made


def test_a_character_of_an_unknown_project_is_refused(characters):
    with pytest.raises(NotFoundError, match="no project 7"):
        characters.create("Kai", project_id=7)
    with pytest.raises(NotFoundError, match="no character 7"):
        characters.set_references(7, [])
    with pytest.raises(NotFoundError, match="no character version 7"):
        characters.store_embeddings(7, "ccip", "1", {})


def test_deleting_takes_versions_and_embeddings_along(characters, database, references):
    from tower_anime.db.tables import CharacterReferenceRow, CharacterVersionRow, EmbeddingRow

    made = characters.create("Kai", references=references)
    characters.store_embeddings(made.version.id, "ccip", "1", {"a" * 64: np.ones(2, np.float32)})
    characters.delete(made.id)
    with database.session() as session:
        left = [
            session.query(table).count()
            for table in (CharacterVersionRow, CharacterReferenceRow, EmbeddingRow)
        ]
    assert left == [0, 0, 0]
    assert references[0].path.exists()


def test_list_by_project_and_page(characters, projects):
    owner = projects.create("One")
    ids = [characters.create(f"c{n}", project_id=owner.id if n % 2 else None).id for n in range(6)]
    assert [c.id for c in characters.list()] == ids
    assert [c.id for c in characters.list(project_id=owner.id, limit=2)] == [ids[1], ids[3]]
    assert [c.id for c in characters.list(project_id=owner.id, after_id=ids[3])] == [ids[5]]
    assert characters.list(project_id=2**40) == []


def test_an_age_that_is_too_long_is_refused_on_both_engines(characters):
    made = characters.create("Kai")
    with pytest.raises(InputError, match="At most 50"):
        characters.set_references(made.id, [], age_state="x" * 51)
    assert characters.get(made.id) == made
