"""A character packed and unpacked is the same, on both engines, or is not there at all."""

from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import func, select
from tower_anime.consistency.character import CharacterLora
from tower_anime.db.embeddings import StoredSighting
from tower_anime.db.tables import Base, PoseRow
from tower_anime.db.travel import TravelRepository
from tower_anime.errors import ConflictError, InputError, NotFoundError


@pytest.fixture
def travel(database):
    return TravelRepository(database)


@pytest.fixture
def kai(characters, database, references):
    references[1] = replace(references[1], weight=2.5, box=(1, 2, 300, 400))
    made = characters.create(
        "Kai", prompt="silver", loras=[CharacterLora("kai.safetensors", 0.5, 0.25)], references=references
    )
    characters.update(
        made.id, color_palette={"hair": "#c0c8d0"}, bible={"age": "17"}, consistency_threshold=0.4
    )
    characters.add_version(made.id, age_state="child", prompt="small", references=references[:1])
    seen = {r.key: StoredSighting(np.array([0.6, 0.8], np.float32), (1, 2, 3, 4)) for r in references}
    characters.store_sightings(made.version.id, "appearance", "3", seen)
    with database.session() as session:
        session.add(PoseRow(name="wave", character_id=made.id, keypoints={"people": [1, 2]}))
    return characters.get(made.id)


def counts(database):
    with database.session() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table))
            for name, table in Base.metadata.tables.items()
        }


def plain(kept):
    """What has to be the same on every machine."""
    character = kept.character
    versions = [
        (
            one.version.number,
            one.version.state,
            one.version.prompt,
            [(r.path, r.sha256, r.width, r.warnings, r.weight, r.box) for r in one.version.references],
            [
                (
                    e.encoder,
                    e.encoder_version,
                    {k: (s.embedding.tolist(), s.box) for k, s in e.sightings.items()},
                )
                for e in one.embeddings
            ],
        )
        for one in kept.versions
    ]
    fields = ("description", "prompt", "negative_prompt", "loras", "consistency_threshold", "color_palette",
              "style_template", "bible", "current_version")  # fmt: skip
    return [getattr(character, field) for field in fields], versions


def test_what_is_unpacked_is_what_was_packed(travel, kai, projects):
    packed = travel.pack(kai.id)
    owner = projects.create("Elsewhere")
    made = travel.unpack(packed, name="Kai", project_id=owner.id)
    again = travel.pack(made.id)
    assert plain(again) == plain(packed)
    assert (made.label, made.version.number) == ("Elsewhere / Kai", 1)
    assert (packed.poses, again.poses) == ({"wave": {"people": [1, 2]}},) * 2


def test_a_pose_whose_name_is_taken_says_whose_it_is(travel, kai):
    made = travel.unpack(travel.pack(kai.id), name="Rin", project_id=None)
    assert list(travel.pack(made.id).poses) == ["wave (Rin)"]
    third = travel.unpack(travel.pack(kai.id), name="Rin 2", project_id=None)
    assert list(travel.pack(third.id).poses) == ["wave (Rin 2)"]


def test_a_current_version_that_is_not_the_newest_stays_current(travel, characters, kai):
    made = travel.unpack(travel.pack(kai.id), name="Rin", project_id=None)
    assert (made.current_version, characters.get(made.id, 2).version.state) == (1, "child/")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"name": "Kai"}, ConflictError),
        ({"name": "a / b"}, InputError),
        ({"name": "Rin", "project_id": 77}, NotFoundError),
        ({"name": "Rin", "broken": {"bible": {"hair": 1}}}, InputError),
        ({"name": "Rin", "broken": {"consistency_threshold": 2.0}}, InputError),
    ],
)
def test_what_cannot_be_stored_leaves_nothing(travel, database, kai, change, error):
    packed, before = travel.pack(kai.id), counts(database)
    packed = replace(packed, character=replace(packed.character, **change.get("broken", {})))
    with pytest.raises(error):
        travel.unpack(packed, name=change["name"], project_id=change.get("project_id"))
    assert counts(database) == before


def test_a_fault_halfway_leaves_nothing(travel, database, kai):
    packed, before = travel.pack(kai.id), counts(database)
    broken = StoredSighting(np.array([np.nan], np.float32))
    last = packed.versions[-1]
    seen = replace(packed.versions[0].embeddings[0], sightings={"a" * 64: broken})
    packed = replace(packed, versions=(packed.versions[0], replace(last, embeddings=(seen,))))
    with pytest.raises(InputError, match="finite"):
        travel.unpack(packed, name="Rin", project_id=None)
    assert counts(database) == before
