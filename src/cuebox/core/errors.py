"""The one tree of errors.

    CueboxError
    ├── InvalidRequest            400  a field of a request is wrong; `param` names it
    │   └── PayloadTooLarge       413
    ├── Unauthenticated           401
    ├── Forbidden                 403
    ├── NotFound                  404
    │   └── UnknownModel          404
    ├── Conflict                  409
    ├── Overloaded                429  the queue is full; `retry_after` says when to come back
    ├── RateLimited               429
    ├── Cancelled                 499  the client left
    ├── Unavailable               503  not ready, draining, or an engine is down
    ├── DeadlineExceeded          504
    ├── ConfigError               a settings file, flag or variable is wrong; `param` names the key
    ├── DataError                 input data cannot be read; names the file and row
    ├── StoreError                the model store
    │   ├── BlobNotFound
    │   ├── BlobCorrupt           bytes do not match their digest
    │   └── VersionNotFound
    └── ModelError                a model cannot be trained, exported or loaded
        ├── ParityError           the exported model disagrees with the trained one
        └── GoldenMismatch        a loaded model does not repeat its golden examples

Errors carry no HTTP: the `api` room maps each class to its status.
"""

__all__ = [
    "BlobCorrupt",
    "BlobNotFound",
    "Cancelled",
    "ConfigError",
    "Conflict",
    "CueboxError",
    "DataError",
    "DeadlineExceeded",
    "Forbidden",
    "GoldenMismatch",
    "InvalidRequest",
    "ModelError",
    "NotFound",
    "Overloaded",
    "ParityError",
    "PayloadTooLarge",
    "RateLimited",
    "StoreError",
    "Unauthenticated",
    "Unavailable",
    "UnknownModel",
    "VersionNotFound",
]


class CueboxError(Exception):
    """Anything cuebox reports on purpose.

    Attributes:
        message: what was wrong, with which value, and what to do.
        param: the request field or settings key at fault, where there is one.
        retry_after: seconds after which trying again makes sense, where that is known.
    """

    code = "internal_error"

    def __init__(
        self, message: str, *, param: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.retry_after = retry_after


class InvalidRequest(CueboxError):
    """A field of a request is missing, of the wrong type, or out of range."""

    code = "invalid_request"


class PayloadTooLarge(InvalidRequest):
    """A body, header or row count is over its limit."""

    code = "payload_too_large"


class Unauthenticated(CueboxError):
    """No API key, or one that is unknown or revoked."""

    code = "unauthenticated"


class Forbidden(CueboxError):
    """The API key is good but lacks the scope."""

    code = "forbidden"


class NotFound(CueboxError):
    """The thing that was named does not exist."""

    code = "not_found"


class UnknownModel(NotFound):
    """No served model has this name."""

    code = "model_not_found"


class Conflict(CueboxError):
    """Someone else changed the same thing first."""

    code = "conflict"


class Overloaded(CueboxError):
    """The queue is full."""

    code = "overloaded"


class RateLimited(CueboxError):
    """The key sent more requests than its rate allows."""

    code = "rate_limited"


class Cancelled(CueboxError):
    """The client left before the answer was ready."""

    code = "cancelled"


class Unavailable(CueboxError):
    """The server is not ready, is draining, or an engine is down."""

    code = "unavailable"


class DeadlineExceeded(CueboxError):
    """The request's time ran out."""

    code = "deadline_exceeded"


class ConfigError(CueboxError):
    """A settings file, flag or environment variable is wrong."""

    code = "config_error"


class DataError(CueboxError):
    """Input data cannot be read or does not fit the mapping."""

    code = "data_error"


class StoreError(CueboxError):
    """The model store cannot do what was asked."""

    code = "store_error"


class BlobNotFound(StoreError):
    """A blob that a version names is missing."""

    code = "blob_not_found"


class BlobCorrupt(StoreError):
    """A blob's bytes do not match its digest."""

    code = "blob_corrupt"


class VersionNotFound(StoreError):
    """The model has no such version or alias."""

    code = "version_not_found"


class ModelError(CueboxError):
    """A model cannot be trained, exported or loaded."""

    code = "model_error"


class ParityError(ModelError):
    """The exported model disagrees with the trained one."""

    code = "parity_error"


class GoldenMismatch(ModelError):
    """A loaded model does not repeat its golden examples."""

    code = "golden_mismatch"
