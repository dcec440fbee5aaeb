"""The exceptions of Tower, one tree.

TowerError
├── InputError                 the user can mend it: a wrong value, file, field or spec
│   ├── SpecError              an episode file breaks its schema
│   ├── UnreadableImageError   a file is not a picture that Tower reads
│   ├── UnreadableAudioError   a file has no audio that can be decoded
│   ├── UnreadableVideoError   a file has no picture track that can be decoded
│   ├── EmptyReferenceError    a character has no usable reference picture
│   ├── ModelFileError         a model file is damaged, of another kind, or not the one that was pinned
│   ├── NoBeatError            music was asked to carry cuts and has no beat
│   ├── RightsError            a recording may not be put under picture
│   └── AccessError            the caller may not do this
├── NotFoundError              a named thing does not exist
│   └── UnknownEncoderError    no identity encoder has that name
├── ConflictError              the request contradicts what is stored
│   └── IllegalTransitionError a job cannot go from one state to the other
├── StorageError               disk or database cannot be read or written
│   └── SchemaError            the database has a schema that this version cannot use
├── ProviderError              an outside service failed
├── MissingModelError          a model file has to be fetched first
│   └── MissingPackageError    a Python package has to be installed first
└── GateStopError              a consistency gate was told to stop the run, and did

Every message is a sentence that names the offending value and the remedy.
"""

from __future__ import annotations


class TowerError(Exception):
    """Base of all errors that Tower raises on purpose.

    Parameters
    ----------
    message : str
        One sentence with the offending value.
    field : str, optional
        The field, option or column at fault.
    hint : str, optional
        The remedy, when it is not part of the message.
    """

    code = "error"

    def __init__(self, message: str, *, field: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class InputError(TowerError):
    """The user can mend it: a wrong value, file, field or spec."""

    code = "invalid_input"


class SpecError(InputError):
    """An episode file breaks its schema."""

    code = "invalid_spec"


class UnreadableImageError(InputError):
    """A file is not a picture that Tower reads."""

    code = "unreadable_image"


class UnreadableAudioError(InputError):
    """A file has no audio that can be decoded."""

    code = "unreadable_audio"


class UnreadableVideoError(InputError):
    """A file has no picture track that can be decoded."""

    code = "unreadable_video"


class EmptyReferenceError(InputError):
    """A character has no usable reference picture."""

    code = "empty_reference"


class NoBeatError(InputError):
    """Music was asked to carry cuts and has no beat."""

    code = "no_beat"


class RightsError(InputError):
    """A recording may not be put under picture."""

    code = "no_sync_right"


class ModelFileError(InputError):
    """A model file is damaged, of another kind, or not the one that was pinned."""

    code = "bad_model_file"


class AccessError(InputError):
    """The caller may not do this."""

    code = "forbidden"


class NotFoundError(TowerError):
    """A named thing does not exist."""

    code = "not_found"


class UnknownEncoderError(NotFoundError):
    """No identity encoder has that name."""

    code = "unknown_encoder"


class ConflictError(TowerError):
    """The request contradicts what is stored."""

    code = "conflict"


class IllegalTransitionError(ConflictError):
    """A job cannot go from one state to the other."""

    code = "illegal_transition"


class StorageError(TowerError):
    """Disk or database cannot be read or written."""

    code = "storage"


class SchemaError(StorageError):
    """The database has a schema that this version cannot use."""

    code = "schema"


class ProviderError(TowerError):
    """An outside service failed."""

    code = "provider"


class MissingModelError(TowerError):
    """A model file has to be fetched first."""

    code = "missing_model"


class MissingPackageError(MissingModelError):
    """A Python package has to be installed first."""

    code = "missing_package"


class GateStopError(TowerError):
    """A consistency gate was told to stop the run, and did."""

    code = "gate_stopped"
