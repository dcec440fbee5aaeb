"""Turning a report into HTML. Names, reasons and dialogue are data: all of them are escaped."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from PIL import Image

from .scaling import Pixels
from .waveform import drawing

if TYPE_CHECKING:
    from .report import Report, ReportBadge, ReportMusic, ReportShot, ReportTrack

PICTURE_SIZE = (480, 480)
JPEG_QUALITY = 80
STATUS_MARKS = {"pass": "✓", "fail": "✕", "unknown": "?"}


def page(report: Report) -> str:
    """Return the whole page: inline style, inline pictures, no script, nothing fetched."""
    template = Template(Path(__file__).with_name("report.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=_text(report.title),
        project=_text(report.project),
        facts="".join(_fact(label, value, note) for label, value, note in _facts(report)),
        notes="".join(f'<p class="note">{_text(note)}</p>' for note in report.notes),
        music=_music(report, report.music) if report.music is not None else "",
        shots="".join(_card(shot, report) for shot in report.shots),
        video=_video(report.video),
    )


def timecode(frame: int, fps: Fraction) -> str:
    """Return ``MM:SS:FF`` of a frame (non-drop), with hours where there are any."""
    rate = round(fps)
    seconds, frames = divmod(frame, rate)
    hours, minutes = divmod(seconds // 60, 60)
    clock = f"{minutes:02d}:{seconds % 60:02d}:{frames:02d}"
    return f"{hours}:{clock}" if hours else clock


def _facts(report: Report) -> Iterable[tuple[str, str, str]]:
    badges = [badge for shot in report.shots for badge in shot.badges]
    passed = sum(badge.status == "pass" for badge in badges)
    minutes, seconds = divmod(report.duration_seconds, 60)
    rate = f"{float(report.fps):.3f}".rstrip("0").rstrip(".")
    yield "Length", f"{minutes:.0f}:{seconds:05.2f}", f"{report.n_frames} frames"
    yield "Shots", str(len(report.shots)), f"{report.duration_seconds / max(len(report.shots), 1):.1f} s each"
    yield "Picture", f"{report.size[0]} × {report.size[1]}", f"{rate} fps"
    if badges:
        yield (
            "On model",
            f"{passed} of {len(badges)}",
            f"measured by {report.encoder}" if report.encoder else "",
        )
    if report.music is not None and report.music.hit_rate is not None:
        yield "Cuts on a beat", f"{report.music.hit_rate:.0%}", "within one frame"


def _fact(label: str, value: str, note: str) -> str:
    return f"<div><dt>{_text(label)}</dt><dd>{_text(value)}</dd><dd class=sub>{_text(note)}</dd></div>"


def _video(name: str) -> str:
    return f'<a class="play" href="{_text(_relative(name))}">▶ {_text(name)}</a>' if name else ""


def _relative(name: str) -> str:
    # A leading "./" keeps a file called "javascript:..." a file.
    return "./" + "".join(c if c.isalnum() or c in "._-~" else _percent(c) for c in name)


def _percent(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8"))


def _card(shot: ReportShot, report: Report) -> str:
    seconds = float(shot.n_frames / report.fps)
    moved = (
        ""
        if shot.planned_seconds is None
        else f'<span class="plan">asked {shot.planned_seconds:.2f} s</span>'
    )
    words = " · ".join(_text(word) for word in (shot.scene, shot.camera.replace("_", " ")) if word)
    failed = " off" if any(badge.status == "fail" for badge in shot.badges) else ""
    return (
        f'<article class="card{failed}"><figure>{_picture(shot, report.size)}'
        f'<span class="no">{shot.number}</span>'
        f'<span class="tc">{timecode(shot.first_frame, report.fps)}</span></figure>'
        f'<div class="body"><p class="meta"><span>{words}</span>'
        f'<span class="len">{seconds:.2f} s</span>{moved}</p>'
        f"{_badges(shot.badges)}{_dialogue(shot)}"
        f"{f'<p class=src>{_text(shot.source)}</p>' if shot.source else ''}</div></article>"
    )


def _picture(shot: ReportShot, size: tuple[int, int]) -> str:
    style = f"aspect-ratio:{size[0]}/{size[1]}"
    if shot.picture is None:
        return f'<div class="none" style="{style}">no picture</div>'
    return f'<img style="{style}" alt="Shot {shot.number}" src="{_data_uri(shot.picture)}">'


def _data_uri(pixels: Pixels) -> str:
    picture = Image.fromarray(pixels)
    picture.thumbnail(PICTURE_SIZE, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _badges(badges: Iterable[ReportBadge]) -> str:
    items = "".join(
        f'<li class="{_status(badge)}"><b>{STATUS_MARKS[_status(badge)]} {_text(badge.character)}</b>'
        f"<i>{'–' if badge.score is None else f'{badge.score:.2f}'}</i>"
        f"{f'<span>{_text(badge.reason)}</span>' if badge.reason else ''}</li>"
        for badge in badges
    )
    return f'<ul class="badges">{items}</ul>' if items else ""


def _status(badge: ReportBadge) -> str:
    return badge.status if badge.status in STATUS_MARKS else "unknown"


def _dialogue(shot: ReportShot) -> str:
    return "".join(
        f"<blockquote>{f'<b>{_text(line.speaker)}</b> ' if line.speaker else ''}{_text(line.text)}"
        f"<time>{line.start_seconds:.1f} s</time></blockquote>"
        for line in shot.lines
    )


def _music(report: Report, music: ReportMusic) -> str:
    chart = drawing(
        music.samples,
        report.duration_seconds,
        beat_times=music.beat_times,
        downbeat_times=music.downbeat_times,
        cut_times=music.cut_times,
        on_beat=music.on_beat,
        shot_starts=[float(shot.first_frame / report.fps) for shot in report.shots],
    )
    tracks = "".join(_track(track, rank) for rank, track in enumerate(music.tracks))
    return (
        '<section class="music"><h2>Music and cuts</h2><div class="chart">' + chart + "</div>"
        '<p class="key"><span class="kb">beat</span><span class="kd">downbeat</span>'
        '<span class="kc">cut on a beat</span><span class="km">cut off the beat</span></p>'
        f'<div class="cols"><ol class="tracks">{tracks}</ol>{_rates(music)}</div></section>'
    )


def _track(track: ReportTrack, rank: int) -> str:
    facts = [
        f"{track.tempo_bpm:.1f} BPM" if track.tempo_bpm is not None else "no beat",
        track.key or "",
        track.licence,
    ]
    reasons = "".join(f"<li>{_text(reason)}</li>" for reason in track.reasons)
    score = (
        ""
        if track.score is None
        else f'<i style="--s:{min(max(track.score, 0), 1):.0%}">{track.score:.2f}</i>'
    )
    return (
        f"<li{' class=chosen' if rank == 0 else ''}><div><b>{_text(track.name)}</b>"
        f"<span>{' · '.join(_text(fact) for fact in facts if fact)}</span>{score}</div>"
        f"{f'<ul>{reasons}</ul>' if reasons else ''}</li>"
    )


def _rates(music: ReportMusic) -> str:
    rows = [
        ("Cuts", str(len(music.cut_times))),
        ("Within one frame of a beat", _percentage(music.hit_rate)),
        ("Within 40 ms", _percentage(music.hit_rate_40ms)),
        ("Random cuts would reach", _percentage(music.chance_hit_rate)),
        ("Mean offset", "–" if music.bias_seconds is None else f"{music.bias_seconds * 1000:+.1f} ms"),
        ("Music starts at", f"{music.music_start_seconds:.2f} s"),
    ]
    return "<table>" + "".join(f"<tr><th>{a}</th><td>{b}</td></tr>" for a, b in rows) + "</table>"


def _percentage(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _text(value: str) -> str:
    return html.escape(str(value), quote=True)
