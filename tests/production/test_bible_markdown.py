from tower_anime.production.bible_markdown import bible_markdown


def test_a_nested_document_becomes_headings_and_lists():
    document = {
        "genre": "drama",
        "episodes": 12,
        "is_serial": True,
        "ending": None,
        "world": {"place": "a port", "rules": ["no magic", "ferries only"], "history": {"founded": 1890}},
        "themes": [],
        "premise": "A ferry that\nnever arrives.",
        "cast": [{"name": "Aoi"}, "the keeper"],
    }
    assert bible_markdown("Paper\nMoon", document) == (
        "# Paper Moon\n\n- Genre: drama\n- Episodes: 12\n- Is serial: yes\n- Ending: –\n- Themes: –\n"
        "\n## World\n\n- Place: a port\n\n### Rules\n\n- no magic\n- ferries only\n"
        "\n### History\n\n- Founded: 1890\n"
        "\n## Premise\n\nA ferry that\nnever arrives.\n"
        "\n## Cast\n\n### 1\n\n- Name: Aoi\n- the keeper\n"
    )


def test_nothing_is_only_a_title():
    assert bible_markdown("Paper Moon", {}) == "# Paper Moon\n"


def test_headings_stop_at_the_sixth_level():
    document = {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": 1}}}}}}}}
    assert "\n####### " not in bible_markdown("Deep", document)
