"""The commands of palettes, styles and poses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..consistency.styles.style import StyleLora, StyleSettings
from ..errors import InputError
from .shared import MEDIA, AsJson, opened_services
from .terminal import print_json, progress_bars, stdout

if TYPE_CHECKING:
    from ..consistency.poses.pose import Pose
    from ..consistency.styles.style import Style

palette_app = typer.Typer(help="The colours of characters.", no_args_is_help=True)
style_app = typer.Typer(help="Styles: measured, stored, compared, put on pictures.", no_args_is_help=True)
pose_app = typer.Typer(help="Named poses for ControlNets.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Its name, or 'project / name'.", show_default=False)]
Strength = Annotated[float, typer.Option(min=0, max=1, help="1 goes the whole way.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")]


def add_look_commands(app: typer.Typer) -> None:
    """Put the commands among the others."""
    for name, group in {"palette": palette_app, "style": style_app, "pose": pose_app}.items():
        app.add_typer(group, name=name)


@palette_app.command("show")
def palette_show(name: Name, as_json: AsJson = False) -> None:
    """Show a character's swatches: typed ones, and the rest as its references say."""
    with opened_services() as opened:
        character = opened.characters.named(name)
        swatches = [swatch.as_json() for swatch in opened.palettes.of(character)]
    typed = sorted(character.color_palette)
    if as_json:
        print_json({"character": character.label, "typed": typed, "swatches": swatches})
        return
    for swatch in swatches:
        source = "typed" if swatch["name"] in typed else f"read, {swatch['confidence']:.0%} sure"
        stdout().print(f"{swatch['name']:<8} {swatch['hex']}  ({source})", markup=False, highlight=False)


@palette_app.command("set")
def palette_set(
    name: Name,
    swatches: Annotated[
        list[str], typer.Argument(help="Such as hair=#3a7bd5; hair= takes it back.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Type swatches of a character; they go before what the references say."""
    with opened_services() as opened:
        character = opened.palettes.set(opened.characters.named(name), _typed(swatches))
    if as_json:
        print_json({"character": character.label, "typed": character.color_palette})
        return
    stdout().print(f"{character.label}: {character.color_palette or 'no typed swatch'}.", markup=False)


@palette_app.command("check")
def palette_check(
    name: Name,
    images: Annotated[list[Path], MEDIA],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for corrected copies; none without.")
    ] = None,
    strength: Strength = 0.8,
    ignore_lightness: Annotated[
        bool, typer.Option("--ignore-lightness", help="For night and sunset: hue and chroma only.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare pictures with a character's swatches and, with --output, correct copies of them."""
    with opened_services() as opened, progress_bars(as_json=as_json) as progress:
        wanted = opened.palettes.wanted(opened.characters.named(name))
        rows = opened.palettes.enforce_files(
            images,
            wanted,
            output,
            progress=lambda done, total: progress("pictures", done, total),
            strength=strength,
            ignore_lightness=ignore_lightness,
        )
    if as_json:
        print_json(rows)
        return
    from .tables import palette_table

    stdout().print(palette_table(rows))


@style_app.command("add")
def style_add(
    name: Annotated[str, typer.Argument(help="Name of the style.", show_default=False)],
    images: Annotated[list[Path] | None, typer.Argument(help="Pictures in it.", show_default=False)] = None,
    project: Annotated[str | None, typer.Option(help="Project it belongs to; shared by all without.")] = None,
    prompt: Annotated[str | None, typer.Option(help="The style in words.")] = None,
    negative: Annotated[str | None, typer.Option(help="What it is not, in words.")] = None,
    lora: Annotated[
        list[str] | None, typer.Option(help="LoRA file, or FILE=STRENGTH; several are possible.")
    ] = None,
    sampler: Annotated[str | None, typer.Option(help="Sampler, as ComfyUI names it.")] = None,
    scheduler: Annotated[str | None, typer.Option(help="Scheduler, as ComfyUI names it.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Sampling steps.")] = None,
    cfg: Annotated[float | None, typer.Option(min=0, max=100, help="Guidance.")] = None,
    as_json: AsJson = False,
) -> None:
    """Store a style, or change one; what is left out stays."""
    fields: dict[str, Any] = {"prompt": prompt, "negative_prompt": negative}
    given = {key: value for key, value in fields.items() if value is not None}
    if any(value is not None for value in (lora, sampler, scheduler, steps, cfg)):
        given["settings"] = StyleSettings(_loras(lora or []), sampler, scheduler, steps, cfg)
    with opened_services() as opened:
        project_id = opened.projects.ensure(project).id if project else None
        style = opened.styles.save_files(name, images or [], project_id=project_id, **given)
    if as_json:
        print_json(style_json(style))
        return
    stdout().print(f"{style.label}: {style.n_images} pictures measured.", markup=False)


@style_app.command("list")
def style_list(as_json: AsJson = False) -> None:
    """List the styles."""
    with opened_services() as opened:
        styles = opened.styles.list()
    if as_json:
        print_json([style_json(style) for style in styles])
        return
    from .tables import style_table

    stdout().print(style_table(styles))


@style_app.command("apply")
def style_apply(
    name: Name,
    images: Annotated[list[Path], MEDIA],
    output: Output = Path("build/styled"),
    strength: Strength = 0.7,
    as_json: AsJson = False,
) -> None:
    """Write copies of pictures with the colours and tones of a style."""
    with opened_services() as opened:
        rows = opened.styles.transfer_files(images, opened.styles.named(name), output, strength=strength)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        fell = f"distance {row['distance_before']:.3f} → {row['distance_after']:.3f}"
        stdout().print(f"{row['output']}: {fell} ({row['fall']:.0%} less)", markup=False, soft_wrap=True)


@style_app.command("distance")
def style_distance(
    name: Name,
    images: Annotated[list[Path], MEDIA],
    project: Annotated[
        str | None, typer.Option(help="Project whose pictures give the spread; IMAGES themselves without.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how far pictures are from a style, relative to how much a project's pictures differ."""
    with opened_services() as opened:
        project_id = opened.projects.find(project).id if project else None
        rows = opened.styles.distances(opened.styles.named(name), images, project_id=project_id)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        told = f"unknown: {row['reason']}" if row["distance"] is None else f"{row['distance']:.2f} spreads"
        stdout().print(f"{row['image']}: {told}", markup=False, soft_wrap=True)


@pose_app.command("list")
def pose_list(as_json: AsJson = False) -> None:
    """List the poses: the library's, then the stored ones."""
    with opened_services() as opened:
        poses = opened.poses.all()
    if as_json:
        print_json([pose_json(pose) for pose in poses])
        return
    from .tables import pose_table

    stdout().print(pose_table(poses))


@pose_app.command("show")
def pose_show(
    name: Annotated[str, typer.Argument(help="Name of the pose.", show_default=False)],
    width: Annotated[int, typer.Option(min=64, max=8192, help="Canvas in pixels.")] = 768,
    height: Annotated[int, typer.Option(min=64, max=8192, help="Canvas in pixels.")] = 768,
    as_json: AsJson = False,
) -> None:
    """Show a pose with its key points as POSE_KEYPOINT."""
    with opened_services() as opened:
        pose = opened.poses.named(name)
        points = opened.poses.fitted(pose, width, height)
        shown = {**pose_json(pose), "keypoints": opened.poses.keypoints(points, width, height)}
    if as_json:
        print_json(shown)
        return
    stdout().print(f"{pose.name}: {pose.prompt} ({pose.n_joints} of 18 joints)", markup=False)


@pose_app.command("draw")
def pose_draw(
    name: Annotated[str, typer.Argument(help="Name of the pose.", show_default=False)],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The PNG to write.", show_default="build/NAME.png")
    ] = None,
    width: Annotated[int, typer.Option(min=64, max=8192, help="Pixels.")] = 768,
    height: Annotated[int, typer.Option(min=64, max=8192, help="Pixels.")] = 768,
    build: Annotated[str, typer.Option(help="as it is, adult, teen or chibi.")] = "as it is",
    mirror: Annotated[bool, typer.Option("--mirror", help="Exchange left and right.")] = False,
    as_json: AsJson = False,
) -> None:
    """Draw a pose as an OpenPose picture."""
    with opened_services() as opened:
        pose = opened.poses.named(name)
        target = output or Path("build") / f"{pose.name.replace(' ', '_')}.png"
        written = opened.poses.draw_file(
            pose, target, width=width, height=height, build=build, is_mirrored=mirror
        )
    if as_json:
        print_json({"pose": pose.name, "output": str(written)})
        return
    stdout().print(f"{pose.name}: {written}", markup=False, soft_wrap=True)


def style_json(style: Style) -> dict[str, Any]:
    """Return the row that automation relies on."""
    measured = {key: style.statistics.get(key) for key in ("line_weight", "contrast", "saturation", "warmth")}
    return {
        "id": style.id,
        "name": style.name,
        "label": style.label,
        "project": style.project_name,
        "prompt": style.prompt,
        "negative_prompt": style.negative_prompt,
        "settings": style.settings.as_json(),
        "n_images": style.n_images,
        "measured": measured if style.statistics else None,
    }


def pose_json(pose: Pose) -> dict[str, Any]:
    """Return the row that automation relies on."""
    return {"name": pose.name, "id": pose.id, "prompt": pose.prompt, "joints": pose.n_joints}


def _typed(swatches: list[str]) -> dict[str, str | None]:
    typed: dict[str, str | None] = {}
    for swatch in swatches:
        name, found, colour = swatch.partition("=")
        if not found:
            raise InputError(
                f"{swatch!r} is no swatch.",
                field="swatches",
                hint="Write NAME=#rrggbb, such as hair=#3a7bd5.",
            )
        typed[name] = colour or None
    return typed


def _loras(files: list[str]) -> tuple[StyleLora, ...]:
    loras = []
    for file in files:
        name, _, strength = file.rpartition("=") if "=" in file else (file, "", "1")
        try:
            loras.append(StyleLora(name, float(strength), float(strength)))
        except ValueError as error:
            raise InputError(
                f"{strength!r} is no strength of LoRA {name!r}.", field="lora", hint="Write FILE=0.8."
            ) from error
    return tuple(loras)
