"""Where the host keeps things. Asked at every use: its command line and other packs move these folders."""

from __future__ import annotations

from pathlib import Path


def output_directory() -> Path:
    """Return the folder of results, which the host serves."""
    import folder_paths

    return Path(folder_paths.get_output_directory()).resolve()


def input_directory() -> Path:
    """Return the folder of files that users bring."""
    import folder_paths

    return Path(folder_paths.get_input_directory()).resolve()


def temporary_directory() -> Path:
    """Return the folder of previews, made if absent: the host empties it when it starts and ends."""
    import folder_paths

    folder = Path(folder_paths.get_temp_directory()).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def host_user_directory() -> Path:
    """Return the folder below which ``__tower`` holds the pack's own data."""
    import folder_paths

    # Names with two underscores are those that newer hosts refuse to serve over HTTP.
    system_user_directory = getattr(folder_paths, "get_system_user_directory", None)
    if system_user_directory is not None:
        return Path(system_user_directory("tower")).parent
    return Path(folder_paths.get_user_directory())


def model_folders() -> tuple[Path, ...]:
    """Return the folders for Tower's model files; those of ``extra_model_paths.yaml`` come first.

    The kind ``tower`` is made known to the host, so that a line ``tower: some/folder`` in that file works.
    """
    import folder_paths

    folder_paths.add_model_folder_path("tower", str(Path(folder_paths.models_dir) / "tower"))
    return tuple(Path(folder) for folder in folder_paths.get_folder_paths("tower"))


def model_directories() -> tuple[Path, ...]:
    """Return what holds the host's folders of models: its own, and bases of ``extra_model_paths.yaml``."""
    import folder_paths

    bases = [Path(folder_paths.models_dir)]
    bases += [
        Path(folder).parent
        for folder in folder_paths.get_folder_paths("checkpoints")
        if Path(folder).name == "checkpoints"
    ]
    return tuple(dict.fromkeys(bases))


def host_version() -> str:
    """Return the host's version, such as ``0.3.64``; empty when it does not tell."""
    try:
        from comfyui_version import __version__
    except ImportError:
        return ""
    return __version__
