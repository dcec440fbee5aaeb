import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tower_anime.db.names import clean_name, folder_name
from tower_anime.errors import InputError


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Neon Rain: Part 2", "neon-rain-part-2"),
        ("Café", "cafe"),
        ("夜の街", "project-1"),
        ("夜 Night", "night"),
        ("CON", "project-1"),
        ("lpt1", "project-1"),
        ("../../etc/passwd", "etc-passwd"),
        ("...", "project-1"),
        ("x" * 200, "x" * 60),
    ],
)
def test_folder_is_safe_on_every_system(name, folder):
    assert folder_name(name, "project-1", lambda _: False) == folder


def test_a_taken_folder_gets_a_number():
    assert folder_name("Kai", "project-1", {"kai", "kai-2"}.__contains__) == "kai-3"


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * 201, "a\nb", "a\x00b", "kai\u202egnp.exe", "a\u200bb", "a\ud800b", None]
)
def test_impossible_names_are_refused(name):
    with pytest.raises(InputError) as caught:
        clean_name(name)
    assert caught.value.field == "name"


@pytest.mark.parametrize(
    ("typed", "cleaned"), [("  Cafe\u0301 ", "Café"), ("カ\u3099イ", "ガイ"), ("👩‍🚀", None)]
)
def test_names_are_composed_and_trimmed(typed, cleaned):
    assert clean_name(typed) == (cleaned or typed)


@given(st.text(max_size=250))
def test_any_text_gives_a_safe_folder_or_none(name):
    try:
        cleaned = clean_name(name)
    except InputError:
        return
    assert clean_name(cleaned) == cleaned
    folder = folder_name(cleaned, "project-1", lambda _: False)
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?", folder)
