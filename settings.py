"""Settings: the only reader of the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from .errors import InputError

# Not resolved: a pack that is linked into custom_nodes belongs to that ComfyUI.
PACK_ROOT = Path(__file__).absolute().parent


@dataclass(frozen=True, slots=True)
class CatalogueSettings:
    """How the catalogues of music are asked; keys and tokens are in no text of it.

    Parameters
    ----------
    folders : tuple of Path
        ``TOWER_MUSIC``: folders of music that are indexed, separated as in ``PATH``. Default: ``music`` in
        the home.
    apple_token : str
        ``TOWER_APPLE_MUSIC_TOKEN``: a developer token that was made elsewhere.
    apple_key : Path or None
        ``TOWER_APPLE_MUSIC_KEY``: the ``.p8`` file from which developer tokens are made.
    apple_key_id, apple_team_id : str
        ``TOWER_APPLE_MUSIC_KEY_ID``, ``TOWER_APPLE_MUSIC_TEAM_ID``.
    apple_user_token : str
        ``TOWER_APPLE_MUSIC_USER_TOKEN``: the Music-User-Token of the person whose library gets playlists.
    apple_storefront : str
        ``TOWER_APPLE_MUSIC_STOREFRONT``: two letters of a country. Default: us.
    jamendo_client_id : str
        ``TOWER_JAMENDO_CLIENT_ID``.
    apple_url, deezer_url, jamendo_url : str
        ``TOWER_APPLE_MUSIC_URL``, ``TOWER_DEEZER_URL``, ``TOWER_JAMENDO_URL``: their addresses.
    unknown_licence_blocks : bool
        ``TOWER_UNKNOWN_LICENCE``: ``block`` or ``warn``: what music without a known licence does to
        publishing. Default: block.
    """

    folders: tuple[Path, ...] = ()
    apple_token: str = field(default="", repr=False)
    apple_key: Path | None = None
    apple_key_id: str = ""
    apple_team_id: str = ""
    apple_user_token: str = field(default="", repr=False)
    apple_storefront: str = "us"
    jamendo_client_id: str = field(default="", repr=False)
    apple_url: str = "https://api.music.apple.com"
    deezer_url: str = "https://api.deezer.com"
    jamendo_url: str = "https://api.jamendo.com"
    unknown_licence_blocks: bool = True


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a person or a host can set.

    Parameters
    ----------
    home : Path
        ``TOWER_HOME``: folder of the database and of the stored reference pictures. Default:
        ComfyUI's user directory ``__tower``, else the platform's user data folder.
    database_url : str
        ``TOWER_DATABASE_URL``: an SQLAlchemy URL. Default: SQLite, ``tower.db`` in `home`.
    output : Path or None
        The host's output directory, under which projects get their folders; None outside a host.
    encoder : str
        ``TOWER_ENCODER``: name of the identity encoder, or ``auto`` for the best installed one.
    model_folders : tuple of Path
        ``TOWER_MODELS``: where Tower's model files are looked for, separated as in ``PATH``; what is
        fetched goes into the first. Default: ComfyUI's folders called ``tower``, else ``models/tower`` of
        the ComfyUI around the pack, else ``models`` in `home`.
    comfy_models : tuple of Path
        ComfyUI's model directories, in which other packs keep files that Tower can use too.
    model_hub : str
        ``TOWER_MODEL_HUB``: where models are fetched from. Default: https://huggingface.co.
    hub_cache : Path or None
        Where huggingface_hub keeps what other programs have fetched.
    device : str
        ``TOWER_DEVICE``: where model files run: ``auto``, ``cpu`` or ``cuda``.
    catalogues : CatalogueSettings
        The catalogues of music.
    input : Path or None
        The host's folder of files that users bring; None outside a host.
    """

    home: Path
    database_url: str
    output: Path | None = None
    encoder: str = "auto"
    model_folders: tuple[Path, ...] = ()
    comfy_models: tuple[Path, ...] = ()
    model_hub: str = "https://huggingface.co"
    hub_cache: Path | None = None
    device: str = "auto"
    catalogues: CatalogueSettings = CatalogueSettings()
    input: Path | None = None

    @property
    def references(self) -> Path:
        """Folder of the stored reference pictures."""
        return self.home / "references"


def load_settings(
    environ: Mapping[str, str] | None = None,
    *,
    host_user_directory: Path | None = None,
    output: Path | None = None,
    host_model_folders: Sequence[Path] = (),
    host_models: Sequence[Path] = (),
    host_input: Path | None = None,
) -> Settings:
    """Read the settings from the environment.

    Parameters
    ----------
    environ : mapping of str to str, optional
        The environment; ``os.environ`` when omitted.
    host_user_directory : Path, optional
        ComfyUI's user directory, when running inside ComfyUI.
    output : Path, optional
        ComfyUI's output directory, when running inside ComfyUI.
    host_model_folders : sequence of Path
        ComfyUI's folders for Tower's models, when running inside ComfyUI.
    host_models : sequence of Path
        ComfyUI's model directories, when running inside ComfyUI.
    host_input : Path, optional
        ComfyUI's input directory, when running inside ComfyUI.

    Raises
    ------
    InputError
        If ``TOWER_DATABASE_URL`` is neither an SQLite nor a PostgreSQL URL, ``TOWER_MODEL_HUB`` no HTTP
        address, or ``TOWER_DEVICE`` no device.
    """
    environ = os.environ if environ is None else environ
    given = {key: value.strip() for key, value in environ.items() if key.startswith(("TOWER_", "HF_"))}
    home = _home(environ, host_user_directory)
    surrounding = _surrounding_comfyui()
    comfy_models = tuple(host_models) or ((surrounding.parent / "models",) if surrounding else ())
    return Settings(
        home=home,
        database_url=_database_url(given.get("TOWER_DATABASE_URL") or f"sqlite:///{home / 'tower.db'}"),
        output=output,
        encoder=given.get("TOWER_ENCODER") or "auto",
        model_folders=_model_folders(
            given.get("TOWER_MODELS", ""),
            tuple(host_model_folders) or tuple(folder / "tower" for folder in comfy_models),
            home,
        ),
        comfy_models=comfy_models,
        model_hub=_hub(given.get("TOWER_MODEL_HUB") or "https://huggingface.co"),
        hub_cache=_hub_cache(given),
        device=_device(given.get("TOWER_DEVICE") or "auto"),
        catalogues=_catalogues(given, home),
        input=host_input,
    )


def _catalogues(given: Mapping[str, str], home: Path) -> CatalogueSettings:
    def text(name: str, default: str = "") -> str:
        return given.get(f"TOWER_{name}") or default

    key = text("APPLE_MUSIC_KEY")
    return CatalogueSettings(
        folders=_folders(text("MUSIC")) or (home / "music",),
        apple_token=text("APPLE_MUSIC_TOKEN"),
        apple_key=Path(key).expanduser().absolute() if key else None,
        apple_key_id=text("APPLE_MUSIC_KEY_ID"),
        apple_team_id=text("APPLE_MUSIC_TEAM_ID"),
        apple_user_token=text("APPLE_MUSIC_USER_TOKEN"),
        apple_storefront=_storefront(text("APPLE_MUSIC_STOREFRONT", "us")),
        jamendo_client_id=text("JAMENDO_CLIENT_ID"),
        apple_url=_service("APPLE_MUSIC", text("APPLE_MUSIC_URL", "https://api.music.apple.com")),
        deezer_url=_service("DEEZER", text("DEEZER_URL", "https://api.deezer.com")),
        jamendo_url=_service("JAMENDO", text("JAMENDO_URL", "https://api.jamendo.com")),
        unknown_licence_blocks=_blocks(text("UNKNOWN_LICENCE", "block")),
    )


def _folders(paths: str) -> tuple[Path, ...]:
    return tuple(Path(part).expanduser().absolute() for part in paths.split(os.pathsep) if part.strip())


def _storefront(name: str) -> str:
    if len(name) != 2 or not (name.isascii() and name.isalpha()):
        raise InputError(
            f"TOWER_APPLE_MUSIC_STOREFRONT is {name!r}.",
            field="TOWER_APPLE_MUSIC_STOREFRONT",
            hint="Give the two letters of a country, such as us or jp.",
        )
    return name.lower()


def _service(name: str, url: str) -> str:
    """Return the address of a service; tokens travel to it, so only this machine may do without TLS."""
    parts = urlsplit(url)
    is_here = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_here):
        raise InputError(
            f"TOWER_{name}_URL is {url!r}, not an HTTPS address.",
            field=f"TOWER_{name}_URL",
            hint="Leave it out for the service's own address.",
        )
    return url.rstrip("/")


def _blocks(word: str) -> bool:
    if word not in ("block", "warn"):
        raise InputError(
            f"TOWER_UNKNOWN_LICENCE is {word!r}.", field="TOWER_UNKNOWN_LICENCE", hint="Give block or warn."
        )
    return word == "block"


def _model_folders(chosen: str, host: tuple[Path, ...], home: Path) -> tuple[Path, ...]:
    own = _folders(chosen)
    return (*own, *(folder for folder in host if folder not in own)) or (home / "models",)


def _hub(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise InputError(
            f"TOWER_MODEL_HUB is {url!r}, not an HTTP address.",
            field="TOWER_MODEL_HUB",
            hint="Give one such as https://huggingface.co.",
        )
    return url.rstrip("/")


def _hub_cache(given: Mapping[str, str]) -> Path:
    if given.get("HF_HUB_CACHE"):
        return Path(given["HF_HUB_CACHE"]).expanduser()
    home = given.get("HF_HOME")
    return (Path(home).expanduser() if home else Path.home() / ".cache" / "huggingface") / "hub"


def _device(name: str) -> str:
    if name not in ("auto", "cpu", "cuda"):
        raise InputError(f"TOWER_DEVICE is {name!r}.", field="TOWER_DEVICE", hint="Give auto, cpu or cuda.")
    return name


def _home(environ: Mapping[str, str], host_user_directory: Path | None) -> Path:
    chosen = environ.get("TOWER_HOME", "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    user = host_user_directory or _surrounding_comfyui()
    if user is not None:
        return user.absolute() / "__tower"
    from platformdirs import user_data_path

    return user_data_path("tower", appauthor=False)


def _surrounding_comfyui() -> Path | None:
    """User directory of the ComfyUI whose custom_nodes folder holds this pack, if any."""
    custom_nodes = PACK_ROOT.parent
    user = custom_nodes.parent / "user"
    return user if custom_nodes.name == "custom_nodes" and user.is_dir() else None


def _database_url(url: str) -> str:
    if url.startswith("sqlite:///") or url.startswith("postgresql+psycopg://"):
        return url
    for plain in ("postgres://", "postgresql://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url[len(plain) :]
    scheme = url.split(":", 1)[0]
    raise InputError(
        f"TOWER_DATABASE_URL has the scheme {scheme!r}.",
        field="TOWER_DATABASE_URL",
        hint="Use sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME.",
    )
