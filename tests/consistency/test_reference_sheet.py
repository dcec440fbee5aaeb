"""The reference sheet: what is drawn where, and that the map says so."""

import numpy as np
import pytest
from tower_anime.consistency.palettes.swatches import swatch_of_hex
from tower_anime.consistency.references.sheet import SheetPicture, draw_reference_sheet, head_box
from tower_anime.consistency.verdict import Status

COLOURS = [(200, 30, 40), (30, 160, 60), (40, 60, 200), (220, 200, 40), (120, 30, 160)]


def plain(number: int, *, size=(600, 400), head=None, status=Status.PASS) -> SheetPicture:
    image = np.full((*size, 3), COLOURS[number], np.uint8)
    return SheetPicture(image, status, 0.7, head, {"reference_id": number})


@pytest.mark.parametrize("n", [1, 2, 4, 5])
def test_every_panel_shows_the_picture_that_the_map_names(n):
    pictures = [plain(number, head=(100, 100, 200, 200)) for number in range(n)]
    swatches = [swatch_of_hex("hair", "#123456"), swatch_of_hex("eyes", "#fedcba")]
    sheet, panels = draw_reference_sheet("Aoi", "version 1", pictures, swatches)
    height, width = sheet.shape[:2]
    assert [panel.kind for panel in panels] == ["reference"] * n + ["head"] * n + ["swatch"] * 2
    for panel in panels:
        left, top, right, bottom = panel.box
        assert 0 <= left < right <= width and 0 <= top < bottom <= height
        middle = sheet[(top + bottom) // 2 - 15, (left + right) // 2].tolist()
        if panel.kind == "swatch":
            expected = {"hair": (0x12, 0x34, 0x56), "eyes": (0xFE, 0xDC, 0xBA)}[panel.source["name"]]
        else:
            expected = COLOURS[panel.source["reference_id"]]
        assert np.abs(np.subtract(middle, expected)).max() <= 2, panel


def test_panels_never_lie_over_each_other():
    pictures = [plain(number % 5, head=(0, 0, 50, 50)) for number in range(8)]
    swatches = [swatch_of_hex(f"s{number}", "#808080") for number in range(12)]
    sheet, panels = draw_reference_sheet("A", "", pictures, swatches)
    covered = np.zeros(sheet.shape[:2], int)
    for left, top, right, bottom in (panel.box for panel in panels):
        covered[top:bottom, left:right] += 1
    assert covered.max() == 1


def test_a_wide_picture_keeps_its_proportions():
    sheet, [panel] = draw_reference_sheet("A", "", [plain(0, size=(200, 800))])
    left, top, right, _ = panel.box
    red = (np.abs(sheet[top:, left:right].astype(int) - COLOURS[0]).max(axis=2) <= 2)[: right - left]
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    assert len(columns) / len(rows) == pytest.approx(4, rel=0.05)


def test_the_badge_has_the_colour_of_the_verdict():
    pictures = [plain(0, status=status) for status in (Status.PASS, Status.FAIL, Status.UNKNOWN)]
    sheet, panels = draw_reference_sheet("A", "", pictures)
    corners = [sheet[panel.box[3] - 2, panel.box[2] - 4].tolist() for panel in panels]
    assert corners == [[0, 158, 115], [213, 94, 0], [110, 110, 110]]


@pytest.mark.parametrize("title", ["A" * 400, "葵 あおい", "🙂", "а́б"])
def test_any_name_leaves_the_panels_where_they_are(title):
    plainly, panels = draw_reference_sheet("A", "", [plain(0)])
    sheet, same = draw_reference_sheet(title, title, [plain(0)])
    assert same == panels and sheet.shape == plainly.shape
    np.testing.assert_array_equal(sheet[84:], plainly[84:])


@pytest.mark.parametrize(
    ("centre", "radius"), [((50, 50), 10), ((0, 0), 30), ((99, 79), 30), ((500, -20), 3), ((50, 40), 4000)]
)
def test_a_head_is_always_within_its_picture(centre, radius):
    left, top, right, bottom = head_box(centre, radius, (100, 80))
    assert 0 <= left < right <= 100 and 0 <= top < bottom <= 80
    if radius == 10:
        assert left < 40 and right > 60 and top < 40 and bottom > 60
