"""Every version of a project's bible, as JSON and as Markdown."""

from __future__ import annotations

PROJECTS = "/anime/projects"


def test_each_change_is_a_version_that_can_be_read(site) -> None:
    made = site.call("POST", PROJECTS, {"name": "Paper Moon", "bible": {"genre": "drama"}})
    where = f"{PROJECTS}/{made.json['id']}"
    site.call("PATCH", where, {"bible": {"genre": "comedy", "themes": ["ferries"]}})
    newest = site.call("GET", f"{where}/bible").json
    assert (newest["number"], newest["content"]) == (2, {"genre": "comedy", "themes": ["ferries"]})
    assert newest["markdown"] == "# Paper Moon\n\n- Genre: comedy\n\n## Themes\n\n- ferries\n"
    assert site.call("GET", f"{where}/bible?version=1").json["content"] == {"genre": "drama"}
    assert [version["number"] for version in site.call("GET", f"{where}/bible/versions").json] == [2, 1]
    assert site.call("GET", where).json["bible"] == newest["content"]
    missing = site.call("GET", f"{where}/bible?version=7")
    assert missing.status == 404 and missing.error["hint"] == "Known: 1, 2."


def test_a_project_without_a_bible_has_an_empty_one(site) -> None:
    where = f"{PROJECTS}/{site.call('POST', PROJECTS, {'name': 'New'}).json['id']}"
    assert site.call("GET", f"{where}/bible").json["number"] == 0
    assert site.call("GET", f"{where}/bible/versions").json == []
    assert site.call("GET", f"{PROJECTS}/99/bible").status == 404
