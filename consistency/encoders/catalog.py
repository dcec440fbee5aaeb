"""The published models that encoders can use: where they come from, and what they are worth.

Commits and digests were taken from public repositories that pin the same files, where two or more of them
agree. What has none here is pinned when it is first fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...errors import MissingModelError


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file of a model, by its path in the repository."""

    path: str
    size: int | None = None
    sha256: str | None = None

    @property
    def name(self) -> str:
        """What it is called on this machine."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model that can be fetched.

    Parameters
    ----------
    name : str
        Under which it is fetched and found.
    kind : str
        What it does, and the folder that it lies in: ``ccip``, ``head``, ``person`` or ``arcface``.
    repository : str
        On Hugging Face.
    files : tuple of RemoteFile
    licence : str
        As its card says.
    purpose : str
        One sentence.
    revision : str or None
        The commit; None for the newest, which is then pinned.
    threshold : float or None
        Of a recogniser: the cosine from which two pictures show one character, as published.
    """

    name: str
    kind: str
    repository: str
    files: tuple[RemoteFile, ...]
    licence: str
    purpose: str
    revision: str | None = None
    threshold: float | None = None

    @property
    def size(self) -> int | None:
        """Bytes of all files, where they are known."""
        sizes = [file.size for file in self.files]
        return None if None in sizes else sum(size or 0 for size in sizes)


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model that is there.

    Parameters
    ----------
    name : str
    files : tuple of Path
    sha256 : dict of str to str
        By file name, what those files must hash to that were fetched by Tower.
    """

    name: str
    files: tuple[Path, ...]
    sha256: dict[str, str]


class ModelFinder(Protocol):
    """Knows which models are on this machine."""

    def installed(self, kind: str) -> Sequence[InstalledModel]:
        """Return the models of a kind, the best first."""
        ...

    def missing(self, kinds: Sequence[str], name: str = "") -> MissingModelError:
        """Return the error that says how to get a model of each kind; `name` is that of the first."""
        ...


CCIP, HEAD, PERSON, ARCFACE, INSIGHTFACE = "ccip", "head", "person", "arcface", "insightface"

# A published difference d is the cosine 1 - 2 d; see `CcipEncoder`.
_CCIP_DIFFERENCES = {
    "ccip-caformer-24-randaug-pruned": 0.178475,
    "ccip-caformer_b36-24": 0.213231,
    "ccip-v2-caformer_s36-10": 0.207757,
    "ccip-caformer-6-randaug-pruned_fp32": 0.195122,
    "ccip-caformer-5_fp32": 0.183973,
    "ccip-caformer-4_fp32": 0.18367,
    "ccip-caformer_query-12": 0.141308,
    "ccip-caformer-23_randaug_fp32": 0.136797,
    "ccip-caformer-2-randaug-pruned_fp32": 0.171053,
}
_CCIP_PINS = {
    "ccip-caformer-24-randaug-pruned": (
        150_248_245,
        "4ea118d16496274f4f6e08d3afc768cc592389e8f7f32f8732ce2215c228ac5f",
    ),
    "ccip-caformer_b36-24": (
        383_591_416,
        "c1e7333a55c2ad9e03cd340c635e96c9c1d86f0836fa7eae65720e7c9c94ee51",
    ),
}
_CCIP_REVISION = "eb2acdd29af1703388d3d0c04221add322bc9110"
_HEAD_REVISION = "06604feee81983792a57c21081e539c0ae229833"
_PERSON_REVISION = "e39c744c22432ad01f91dd254fe2b02c8d878b8c"
# Commit, sizes and digests as some ten projects on GitHub pin them, archledger/irlume among them.
_AURAFACE_REVISION = "af6d057c9b0ec4071d4c49c80e3539258798b609"


def _ccip(name: str, difference: float) -> KnownModel:
    size, sha256 = _CCIP_PINS.get(name, (None, None))
    return KnownModel(
        name=name,
        kind=CCIP,
        repository="deepghs/ccip_onnx",
        files=(RemoteFile(f"{name}/model_feat.onnx", size, sha256),),
        licence="OpenRAIL",
        purpose="Tells anime characters apart.",
        revision=_CCIP_REVISION,
        threshold=round(1.0 - 2.0 * difference, 6),
    )


CATALOG: tuple[KnownModel, ...] = (
    *(_ccip(name, difference) for name, difference in _CCIP_DIFFERENCES.items()),
    KnownModel(
        name="head_detect_v2.0_s",
        kind=HEAD,
        repository="deepghs/anime_head_detection",
        files=(
            RemoteFile(
                "head_detect_v2.0_s/model.onnx",
                44_585_386,
                "6679f9b71192298bbf174d82e9e5581c3237b0c3dc67deace7cdbf686b070a00",
            ),
        ),
        licence="MIT (card); trained with Ultralytics, AGPL-3.0",
        purpose="Finds heads in anime pictures.",
        revision=_HEAD_REVISION,
    ),
    KnownModel(
        name="person_detect_v1.3_s",
        kind=PERSON,
        repository="deepghs/anime_person_detection",
        files=(
            RemoteFile(
                "person_detect_v1.3_s/model.onnx",
                44_583_231,
                "6da88929438cd442e31e45ff4f934dd2d7eb9cf7a423c22885d650ee52550f90",
            ),
        ),
        licence="MIT (card); trained with Ultralytics, AGPL-3.0",
        purpose="Finds people in anime pictures.",
        revision=_PERSON_REVISION,
    ),
    KnownModel(
        name="person_detect_v1.1_m",
        kind=PERSON,
        repository="deepghs/anime_person_detection",
        files=(RemoteFile("person_detect_v1.1_m/model.onnx", 103_459_671),),
        licence="MIT (card); trained with Ultralytics, AGPL-3.0",
        purpose="Finds people in anime pictures, slower.",
        revision=_PERSON_REVISION,
    ),
    KnownModel(
        name="auraface",
        kind=ARCFACE,
        repository="fal/AuraFace-v1",
        files=(
            RemoteFile(
                "scrfd_10g_bnkps.onnx",
                16_923_827,
                "5838f7fe053675b1c7a08b633df49e7af5495cee0493c7dcf6697200b85b5b91",
            ),
            RemoteFile(
                "glintr100.onnx",
                260_694_151,
                "a7933ea5330113b01c9b60351d8f4c33003f145d8470ac5f0e52ee2effe25c60",
            ),
        ),
        # By its digest the detector is insightface's det_10g.onnx.
        licence="Apache-2.0 (card); its detector is insightface's, non-commercial research only",
        purpose="Tells semi-realistic faces apart.",
        revision=_AURAFACE_REVISION,
    ),
)


def known_model(name: str) -> KnownModel | None:
    """Return the model of that name; None where it is not in the catalogue."""
    return next((model for model in CATALOG if model.name == name), None)
