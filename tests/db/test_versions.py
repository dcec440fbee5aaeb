"""Versions of a character on both engines: made, named, chosen, and kept once a job used them."""

import threading

import numpy as np
import pytest
from sqlalchemy import select
from tower_anime.consistency.character import split_version
from tower_anime.db.tables import CharacterVersionRow, GateRow, JobCharacterRow
from tower_anime.errors import ConflictError, InputError, NotFoundError


@pytest.fixture
def kai(characters, references):
    return characters.create("Kai", prompt="silver hair", references=references)


def test_a_version_starts_from_the_current_one(characters, kai, references):
    child = characters.add_version(kai.id, age_state="child", prompt="small")
    sad = characters.add_version(kai.id, age_state="child", emotional_state="sad", references=references[:1])
    assert [version.number for version in characters.versions(kai.id)] == [1, 2, 3]
    assert [r.sha256 for r in child.references] == [r.sha256 for r in kai.references]
    assert (child.version.state, child.version.prompt) == ("child/", "small")
    assert (sad.version.state, sad.version.prompt, len(sad.references)) == ("child/sad", "", 1)
    assert characters.get(kai.id).version.number == kai.current_version == 1


def test_a_named_version_has_its_own_prompt_references_and_embeddings(characters, kai, references):
    child = characters.add_version(kai.id, age_state="child", prompt="small", references=references[:1])
    vector = np.ones(3, np.float32)
    characters.store_embeddings(child.version.id, "ccip", "1", {references[0].sha256: vector})
    chosen = characters.get(kai.id, version=2)
    assert chosen == characters.by_label("Kai @ 2") == characters.by_label("Kai @ child")
    assert (chosen.version.prompt, len(chosen.references), chosen.prompt) == ("small", 1, "silver hair")
    assert characters.embeddings(chosen.version.id, "ccip", "1").keys() == {references[0].sha256}
    assert characters.embeddings(kai.version.id, "ccip", "1") == {}


def test_a_version_is_named_by_number_or_by_age_and_emotion(characters, projects):
    owner = projects.create("A @ 3 / B")
    kai = characters.create("Kai", project_id=owner.id)
    for age, emotion in (("12", ""), ("child", "sad"), ("", "sad"), ("child", "sad")):
        characters.add_version(kai.id, age_state=age, emotional_state=emotion)
    named = {spec: characters.by_label(f"A @ 3 / B / Kai @ {spec}").version.number
             for spec in ("1", "12/", "Child/Sad", "/sad", "/")}  # fmt: skip
    assert named == {"1": 1, "12/": 2, "Child/Sad": 5, "/sad": 4, "/": 1}
    assert characters.by_label("A @ 3 / B / Kai").version.number == 1
    with pytest.raises(NotFoundError, match=r"no version '12'.*2 \(12/\)"):
        characters.by_label("A @ 3 / B / Kai @ 12")


@pytest.mark.parametrize(
    ("label", "parts"),
    [
        ("Kai", ("Kai", None)),
        ("Kai @ 2", ("Kai", "2")),
        ("Kai@2", ("Kai@2", None)),
        ("P @ 1 / Kai", ("P @ 1 / Kai", None)),
        ("P @ 1 / Kai @ child/sad", ("P @ 1 / Kai", "child/sad")),
        ("Kai @ @ 2", ("Kai @", "2")),
    ],
)
def test_a_label_tells_the_version_it_names(label, parts):
    assert split_version(label) == parts


@pytest.mark.parametrize("name", ["Kai @ 2", "a @ b"])
def test_a_name_that_reads_like_a_version_is_refused(characters, name):
    with pytest.raises(InputError, match="contains ' @ '"):
        characters.create(name)


@pytest.mark.parametrize("state", ["a/b", "a@b", "x" * 51, "a\x00b", "a\u202eb"])
def test_a_state_that_lists_cannot_show_is_refused(characters, kai, state):
    for field in ("age_state", "emotional_state"):
        with pytest.raises(InputError) as caught:
            characters.add_version(kai.id, **{field: state})
        assert caught.value.field == field
    assert len(characters.versions(kai.id)) == 1


def test_an_unused_version_may_be_changed_and_deleted(characters, kai):
    characters.add_version(kai.id, age_state="child")
    changed = characters.update_version(kai.id, 2, age_state="teen", prompt="tall")
    assert (changed.version.state, changed.version.prompt) == ("teen/", "tall")
    with pytest.raises(InputError, match="'references' cannot be changed"):
        characters.update_version(kai.id, 2, references=[])
    characters.delete_version(kai.id, 2)
    assert [version.number for version in characters.versions(kai.id)] == [1]


def test_the_current_version_cannot_be_deleted(characters, kai):
    characters.add_version(kai.id)
    assert characters.use_version(kai.id, 2).version.number == 2
    with pytest.raises(ConflictError, match="version 2 of 'Kai' is the current one"):
        characters.delete_version(kai.id, 2)
    characters.delete_version(kai.id, 1)
    assert characters.get(kai.id).version.number == 2


def test_a_used_version_stays_as_the_job_used_it(characters, jobs, kai):
    characters.add_version(kai.id, age_state="child")
    used = characters.get(kai.id, version=2)
    made = [jobs.create(f"prompt-{number}", "workflow").id for number in range(5)]
    assert all(characters.note_use(job_id, used.version.id) for job_id in (*made, made[0]))
    assert characters.uses(kai.id) == {2: made}
    for attempt in (
        lambda: characters.update_version(kai.id, 2, prompt="other"),
        lambda: characters.delete_version(kai.id, 2),
    ):
        with pytest.raises(ConflictError, match=f"used by job {made[0]}, {made[1]}, {made[2]} and 2 more"):
            attempt()
    assert characters.get(kai.id, version=2) == used
    characters.use_version(kai.id, 2)
    assert characters.add_version(kai.id, age_state="teen").version.number == 3


def test_a_use_of_what_is_gone_is_told_and_harmless(characters, jobs, kai):
    job = jobs.create("prompt", "workflow")
    assert characters.note_use(job.id, 999) is False
    assert characters.note_use(999, kai.version.id) is False
    characters.delete(kai.id)
    assert characters.note_use(job.id, kai.version.id) is False


def test_a_deleted_character_leaves_its_jobs_and_verdicts(characters, jobs, gates, database, kai):
    job = jobs.create("prompt", "workflow")
    characters.note_use(job.id, kai.version.id)
    gates.add("final", True, score=0.7, job_id=job.id, character_id=kai.id)
    characters.delete(kai.id)
    assert jobs.get(job.id).id == job.id
    with database.session() as session:
        assert session.scalars(select(JobCharacterRow)).all() == []
        [gate] = session.scalars(select(GateRow)).all()
        assert (gate.job_id, gate.character_id, gate.score) == (job.id, None, 0.7)


def test_a_number_is_not_given_to_another_version_while_the_newer_ones_stand(characters, kai):
    for _ in range(2):
        characters.add_version(kai.id)
    characters.delete_version(kai.id, 2)
    assert characters.add_version(kai.id).version.number == 4


def test_versions_made_at_once_get_a_number_each(characters, kai):
    threads = [threading.Thread(target=characters.add_version, args=(kai.id,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [version.number for version in characters.versions(kai.id)] == [1, 2, 3, 4, 5]


def test_a_reference_of_an_older_version_is_found(characters, database, kai, references):
    newer = characters.set_references(kai.id, references[:1])
    assert characters.reference(kai.id, kai.references[2].id) == kai.references[2]
    assert characters.reference(kai.id, newer.references[0].id) == newer.references[0]
    other = characters.create("Other")
    with pytest.raises(NotFoundError, match="has no reference"):
        characters.reference(other.id, kai.references[2].id)
    with database.session() as session:
        assert len(session.scalars(select(CharacterVersionRow)).all()) == 3


def test_a_bible_changes_field_by_field(characters, kai):
    first = {"backstory": "found at sea", "personality": {"traits": ["calm"]}}
    assert characters.update(kai.id, bible=first).bible == first
    changed = characters.change_bible(kai.id, {"backstory": None, "voice": {"language": "ja"}})
    assert changed.bible == {"personality": {"traits": ["calm"]}, "voice": {"language": "ja"}}
    with pytest.raises(InputError, match=r"bible\.hair"):
        characters.change_bible(kai.id, {"hair": "teal"})
    assert characters.get(kai.id).bible == changed.bible
