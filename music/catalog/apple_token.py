"""The developer token of Apple Music: a JSON Web Token, signed by ES256 with the developer's own key."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import InputError, MissingPackageError

# Apple takes at most six months; a short life limits what a leaked token is good for.
MAX_LIFE_SECONDS = 15_777_000
LIFE_SECONDS = 12 * 3600
_ID = re.compile(r"[A-Z0-9]{10}")
_MAX_KEY_BYTES = 64 << 10


@dataclass
class DeveloperToken:
    """Gives the token, made anew before it runs out.

    Parameters
    ----------
    ready : str
        A token that was made elsewhere; it goes before the key.
    key_file : Path or None
        The ``.p8`` file from Apple: a private key on the curve P-256, as PEM.
    key_id, team_id : str
        Ten characters each, from the developer's account.
    clock : callable
        Seconds since 1970.

    References
    ----------
    .. [1] Apple, "Generating developer tokens": header ``alg`` and ``kid``, claims ``iss``, ``iat``, ``exp``.
    .. [2] RFC 7518, section 3.4 (ES256).
    """

    ready: str = field(default="", repr=False)
    key_file: Path | None = None
    key_id: str = ""
    team_id: str = ""
    clock: Callable[[], float] = time.time
    _made: tuple[str, float] | None = field(default=None, repr=False)

    def missing(self) -> tuple[str, ...]:
        """Return the settings without which there is no token; empty when there is one."""
        if self.ready:
            return ()
        given = {
            "TOWER_APPLE_MUSIC_KEY": self.key_file,
            "TOWER_APPLE_MUSIC_KEY_ID": self.key_id,
            "TOWER_APPLE_MUSIC_TEAM_ID": self.team_id,
        }
        absent = tuple(name for name, value in given.items() if not value)
        return ("TOWER_APPLE_MUSIC_TOKEN", *absent) if len(absent) == len(given) else absent

    def get(self) -> str:
        """Return a token that is valid now.

        Raises
        ------
        InputError
            If the key or an id is not what Apple gives out, or a ready token has run out.
        MissingPackageError
            If PyJWT or cryptography is not installed.
        """
        if self.ready:
            return self._checked_ready()
        now = self.clock()
        if self._made is None or now > self._made[1] - LIFE_SECONDS / 10:
            self._made = (self._sign(int(now)), now + LIFE_SECONDS)
        return self._made[0]

    def _sign(self, now: int) -> str:
        for name, value in (("KEY_ID", self.key_id), ("TEAM_ID", self.team_id)):
            if not _ID.fullmatch(value):
                raise InputError(
                    f"TOWER_APPLE_MUSIC_{name} is {value[:20]!r}.",
                    field=f"TOWER_APPLE_MUSIC_{name}",
                    hint="It has ten capital letters and digits; see Certificates, Identifiers & Profiles.",
                )
        jwt = _jwt()
        claims = {"iss": self.team_id, "iat": now, "exp": now + LIFE_SECONDS}
        key = _private_key(self.key_file or Path())
        return jwt.encode(claims, key, algorithm="ES256", headers={"kid": self.key_id})

    def _checked_ready(self) -> str:
        try:
            claims = _jwt().decode(self.ready, options={"verify_signature": False})
        except _jwt().PyJWTError as error:
            raise InputError(
                "TOWER_APPLE_MUSIC_TOKEN is not a developer token.",
                field="TOWER_APPLE_MUSIC_TOKEN",
                hint="It has three parts with dots between them and begins with eyJ.",
            ) from error
        expires = claims.get("exp")
        if isinstance(expires, int | float) and expires <= self.clock():
            day = time.strftime("%Y-%m-%d", time.gmtime(expires))
            raise InputError(
                f"TOWER_APPLE_MUSIC_TOKEN ran out on {day}.",
                field="TOWER_APPLE_MUSIC_TOKEN",
                hint="Make a new one, or set the key instead, from which Tower makes them itself.",
            )
        return self.ready


def _private_key(path: Path) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    def refused(what: str) -> InputError:
        return InputError(
            f"The key {path} {what}.",
            field="TOWER_APPLE_MUSIC_KEY",
            hint="Give the AuthKey_….p8 file of a MusicKit key, as Apple sent it.",
        )

    try:
        if path.stat().st_size > _MAX_KEY_BYTES:
            raise refused("is too large to be one")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise refused(f"cannot be read ({error.strerror})") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise refused("is no private key that can be read without a password") from error
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise refused("is not on the curve P-256, which ES256 needs")
    return key


def _jwt() -> Any:
    try:
        import cryptography  # noqa: F401 - PyJWT does without it until it meets ES256
        import jwt
    except ImportError as error:
        raise MissingPackageError(
            "Apple Music needs the package PyJWT[crypto].",
            hint="Install it: pip install 'PyJWT[crypto]'.",
        ) from error
    return jwt
