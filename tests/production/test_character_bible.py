import pytest
from hypothesis import given
from hypothesis import strategies as st
from tower_anime.errors import InputError
from tower_anime.production.character_bible import bible_text, checked_bible, merged_bible

WHOLE = {
    "age": "17",
    "pronouns": "she/her",
    "personality": {"summary": "Quiet, until music plays.", "traits": ["loyal", "stubborn"], "fears": []},
    "backstory": "Raised by the lighthouse keeper.",
    "visual_traits": {"hair": "teal, to the waist", "eyes": "amber"},
    "voice": {"language": "ja", "pitch_semitones": 2.5, "engine": None},
    "behaviour": {"habits": ["hums"], "reactions": {"thunder": "counts the seconds"}},
}


def test_a_bible_comes_back_as_it_was_given():
    assert checked_bible(WHOLE) == WHOLE
    assert list(checked_bible(WHOLE)) == [name for name in ORDER if name in WHOLE]


ORDER = ("age", "gender", "pronouns", "occupation", "personality", "backstory", "visual_traits", "voice",
         "behaviour", "notes", "licence")  # fmt: skip

LINES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=20)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "backstory": LINES,
            "visual_traits": st.dictionaries(LINES, LINES, max_size=3),
            "personality": st.fixed_dictionaries({}, optional={"traits": st.lists(LINES, max_size=3)}),
            "voice": st.fixed_dictionaries({}, optional={"speed": st.floats(0.25, 4)}),
        },
    )
)
def test_any_bible_makes_the_round_trip(bible):
    assert checked_bible(checked_bible(bible)) == bible


@pytest.mark.parametrize(
    ("bible", "field"),
    [
        ({"hair": "teal"}, "bible.hair"),
        ({"voice": {"volume": 3}}, "bible.voice.volume"),
        ({"voice": {"speed": 9.0}}, "bible.voice.speed"),
        ({"voice": {"speed": float("nan")}}, "bible.voice.speed"),
        ({"personality": "kind"}, "bible.personality"),
        ({"personality": {"traits": "kind"}}, "bible.personality.traits"),
        ({"visual_traits": {"hair": 3}}, "bible.visual_traits.hair"),
        ({"backstory": "a\x00b"}, "bible.backstory"),
        ({"backstory": "a\ud800b"}, "bible.backstory"),
        ({"age": 17}, "bible.age"),
        ({"personality": {"traits": ["x"] * 101}}, "bible.personality.traits"),
    ],
    ids=lambda value: ascii(value)[:50],
)
def test_what_the_form_does_not_know_is_named(bible, field):
    with pytest.raises(InputError) as caught:
        checked_bible(bible)
    assert caught.value.field == field


def test_a_change_replaces_a_field_and_none_takes_it_out():
    changed = merged_bible(WHOLE, {"age": None, "voice": {"speed": 1.1}})
    assert changed == {**{k: v for k, v in WHOLE.items() if k != "age"}, "voice": {"speed": 1.1}}


def test_the_text_tells_what_is_known_and_nothing_else():
    assert bible_text("Aoi", WHOLE) == (
        "# Aoi\n- Age: 17\n- Pronouns: she/her\n- Backstory: Raised by the lighthouse keeper.\n"
        "## Personality\n- Summary: Quiet, until music plays.\n- Traits: loyal; stubborn\n"
        "## Visual traits\n- Hair: teal, to the waist\n- Eyes: amber\n"
        "## Voice\n- Language: ja\n- Pitch semitones: 2.5\n"
        "## Behaviour\n- Habits: hums\n- Reactions: thunder: counts the seconds\n"
    )
    assert bible_text("Nobody", {}) == "# Nobody\n"
