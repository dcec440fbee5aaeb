"""What is encoded and what is remembered, counted by an encoder that counts."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.blocks import BLUE, GREEN, RED, BlockEncoder, block, turned
from tower_anime.consistency.character import Reference
from tower_anime.consistency.encoders.registry import EncoderRegistry
from tower_anime.consistency.verdict import Status
from tower_anime.errors import EmptyReferenceError, InputError
from tower_anime.services.files import sha256_of
from tower_anime.services.identity import IdentityService


def write(folder: Path, name: str, *figures) -> Reference:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    Image.fromarray(block(*figures)).save(path)
    return Reference(path=path, sha256=sha256_of(path), width=512, height=512)


def service(opened, encoder: BlockEncoder) -> IdentityService:
    """Return a service with nothing in memory, as a new process has."""
    return IdentityService(opened.characters, EncoderRegistry({"blocks": lambda: encoder}), "blocks")


@pytest.fixture
def encoder() -> BlockEncoder:
    return BlockEncoder()


@pytest.fixture
def red(opened, tmp_path: Path):
    references = [write(tmp_path, "red", RED), write(tmp_path, "reddish", turned(10))]
    return opened.characters.create("Red", references=references)


def test_references_are_encoded_once_and_by_no_later_process(opened, encoder, red) -> None:
    service(opened, encoder).score(red, [block(RED)])
    assert encoder.n_seen == 2 + 1
    later = BlockEncoder()
    [verdict] = service(opened, later).score(red, [block(RED)])
    assert later.n_seen == 1
    assert verdict.similarity == pytest.approx((1 + np.cos(np.radians(10))) / 2, abs=2e-3)


def test_the_references_themselves_are_scored_without_a_look(opened, encoder, red, tmp_path: Path) -> None:
    judge = service(opened, encoder)
    judge.score(red, [])
    encoder.n_seen = 0
    other = write(tmp_path, "other", turned(30))
    rows = judge.score_files(red, [red.references[0].path, other.path])
    assert encoder.n_seen == 1
    expected = [verdict.similarity for verdict in judge.score(red, [block(RED), block(turned(30))])]
    assert [row.verdict.similarity for row in rows] == pytest.approx(expected, abs=1e-6)
    assert rows[0].verdict.box == judge.score(red, [block(RED)])[0].box


def test_a_new_version_encodes_only_its_new_pictures(opened, encoder, red, tmp_path: Path) -> None:
    service(opened, encoder).score(red, [])
    more = opened.characters.set_references(red.id, [*red.references, write(tmp_path, "blue", BLUE)])
    service(opened, encoder).score(more, [])
    assert encoder.n_seen == 2 + 1
    assert len(opened.characters.embeddings(more.version.id, "blocks", "1")) == 3


def test_another_version_of_the_encoder_encodes_again(opened, encoder, red) -> None:
    service(opened, encoder).score(red, [])
    newer = BlockEncoder("2")
    service(opened, newer).score(red, [])
    assert newer.n_seen == 2
    assert len(opened.characters.embeddings(red.version.id, "blocks", "1")) == 2


def test_the_chosen_figure_is_what_is_compared(opened, encoder, tmp_path: Path) -> None:
    """Two stand in the picture; whichever is chosen is the character."""
    both = write(tmp_path, "both", RED, BLUE)
    boxes = {"left": (0, 0, 256, 512), "right": (256, 0, 512, 512)}
    made = {
        name: opened.characters.create(
            name, references=[Reference(both.path, both.sha256, 512, 512, box=box)]
        )
        for name, box in boxes.items()
    }
    judge = service(opened, encoder)
    picture = [block(BLUE)]
    assert judge.score(made["right"], picture)[0].similarity == pytest.approx(1.0, abs=1e-5)
    assert judge.score(made["left"], picture)[0].similarity == pytest.approx(0.0, abs=1e-5)
    [seen] = judge.gallery.sightings(made["right"], encoder).values()
    assert 256 <= seen.box[0] < seen.box[2] <= 512


def test_a_stored_vector_of_another_length_is_computed_again(opened, encoder, red) -> None:
    wrong = {reference.key: np.ones(7, np.float32) for reference in red.references}
    opened.characters.store_embeddings(red.version.id, "blocks", "1", wrong)
    [verdict] = service(opened, encoder).score(red, [block(RED)])
    assert verdict.status is Status.PASS
    stored = opened.characters.embeddings(red.version.id, "blocks", "1")
    assert {vector.size for vector in stored.values()} == {6}


def test_weights_of_references_take_part(opened, encoder, tmp_path: Path) -> None:
    red, green = write(tmp_path, "red", RED), write(tmp_path, "green", GREEN)
    heavy = Reference(red.path, red.sha256, 512, 512, weight=3.0)
    made = opened.characters.create("Kai", references=[heavy, green])
    [verdict] = service(opened, encoder).score(made, [block(RED)])
    assert verdict.similarity == pytest.approx(0.75, abs=1e-5)


def test_a_character_deleted_meanwhile_is_scored_to_the_end(opened, encoder, red) -> None:
    opened.characters.delete(red.id)
    [verdict] = service(opened, encoder).score(red, [block(RED)])
    assert verdict.status is Status.PASS


def test_the_margin_to_the_projects_others_costs_no_look_at_their_pictures(
    opened, encoder, tmp_path: Path
) -> None:
    project = opened.projects.create("One").id
    elsewhere = opened.projects.create("Two").id
    red = write(tmp_path, "red", RED)
    made = opened.characters.create("Red", project_id=project, references=[red])
    for name, look, owner in (
        ("Near", turned(60), project),
        ("Shared", turned(70), None),
        ("Foreign", turned(30), elsewhere),
        ("Same", RED, project),
    ):
        picture = red if name == "Same" else write(tmp_path, name, look)
        other = opened.characters.create(name, project_id=owner, references=[picture])
        service(opened, encoder).score(other, [])
    judge = service(opened, encoder)
    judge.score(made, [])
    encoder.n_seen = 0
    [verdict] = judge.score(made, [block(RED)])
    assert encoder.n_seen == 1
    assert verdict.rival == "One / Near"
    assert verdict.margin == pytest.approx(1 - np.cos(np.radians(60)), abs=5e-3)


def test_who_is_not_encoded_yet_is_no_rival_and_is_not_encoded_for_it(
    opened, encoder, red, tmp_path: Path
) -> None:
    opened.characters.create("New", references=[write(tmp_path, "new", turned(20))])
    [verdict] = service(opened, encoder).score(red, [block(RED)])
    assert encoder.n_seen == 2 + 1
    assert (verdict.margin, verdict.rival) == (None, "")


def test_a_cast_costs_one_look_a_picture(opened, encoder, red, tmp_path: Path) -> None:
    blue = opened.characters.create("Blue", references=[write(tmp_path, "blue", BLUE)])
    judge = service(opened, encoder)
    judge.score_cast([red, blue], [])
    encoder.n_seen = 0
    first, second = judge.score_cast([red, blue], [block(BLUE, RED), block(RED)])
    assert encoder.n_seen == 2
    assert {label: verdict.status.value for label, verdict in first.items()} == {
        "Red": "pass",
        "Blue": "pass",
    }
    assert second["Blue"].status is Status.UNKNOWN
    with pytest.raises(InputError, match="only once"):
        judge.score_cast([red, red], [block(RED)])


def test_a_stream_is_read_one_batch_at_a_time(opened, encoder, red) -> None:
    drawn = []

    def frames():
        for number in range(10):
            drawn.append(number)
            yield block(RED)

    judge = service(opened, encoder)
    judge.score(red, [])
    encoder.batches.clear()
    for number, verdicts in enumerate(judge.score_stream([red], frames(), batch_size=4)):
        assert len(drawn) <= number + 4
        assert verdicts["Red"].status is Status.PASS
    assert encoder.batches == [4, 4, 2]


def test_no_reference_is_an_error_with_the_remedy(opened, encoder) -> None:
    with pytest.raises(EmptyReferenceError, match="tower character add"):
        service(opened, encoder).score(opened.characters.create("Nobody"), [block(RED)])


def test_a_sequence_is_scored_as_it_streams(opened, encoder, red, tmp_path: Path) -> None:
    frames = [block(RED), block(turned(20)), np.zeros((512, 512, 3), np.uint8), block(BLUE)]
    done = []
    judge = service(opened, encoder)
    score = judge.score_sequence(red, iter(frames), batch_size=3, progress=done.append)
    assert done == [3, 4]
    assert (score.n_frames, score.n_found, score.worst_frame) == (4, 3, 3)
    assert score.drift[2] is None
    assert score.drift[3] == pytest.approx(1.0, abs=1e-5)


def test_pictures_and_clips_are_read_in_order(tmp_path: Path) -> None:
    from support.media import write_references
    from tower_anime.services.sequence import count_pictures, iterate_pictures

    stills = write_references(tmp_path, n=2, size=(64, 48))
    clip = tmp_path / "clip.mp4"
    write_clip(clip, [block(RED, size=64), block(GREEN, size=64), block(BLUE, size=64)])
    paths = [stills[0], clip, stills[1]]
    assert count_pictures(paths) == 5
    shapes = [image.shape[:2] for image in iterate_pictures(paths)]
    assert shapes == [(48, 64), (64, 64), (64, 64), (64, 64), (48, 64)]
    brightest = [int(image.reshape(-1, 3).sum(axis=0).argmax()) for image in iterate_pictures([clip])]
    assert brightest == [0, 1, 2]


def write_clip(path: Path, frames: list[np.ndarray]) -> None:
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = frames[0].shape[1], frames[0].shape[0], "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))


def test_a_picture_without_numbers_is_unknown_and_the_others_are_judged(opened, encoder, red) -> None:
    judge = service(opened, encoder)
    broken, whole = judge.score(red, [None, block(RED)])
    assert (broken.status, whole.status) == (Status.UNKNOWN, Status.PASS)
    assert "NaN" in broken.reason
    [cast] = judge.score_cast([red], [None])
    assert "NaN" in cast["Red"].reason
    sequence = judge.score_sequence(red, [block(RED), None])
    assert (sequence.coverage, sequence.drift[1]) == (0.5, None)
