"""What the HTTP door itself refuses, before any room of the core is asked.

PosthouseError
└── HttpError
    ├── UnauthorizedError          401, no key or a wrong one
    ├── MissingScopeError          403, names the scope
    ├── WrongNetworkError          403, the key may not be used from there
    ├── UnknownPathError           404, no such page
    ├── MethodNotAllowedError      405, names the methods
    ├── RequestTimeoutError        408, the body came too slowly
    ├── TooLargeError              413, names the limit
    ├── UnsupportedMediaTypeError  415, names what is understood
    ├── MalformedJsonError         400, names line and column
    ├── BadRequestError            400, what no header, path or query may hold
    ├── RateLimitedError           429, names the wait
    ├── HeadTooLargeError          431, names the limit
    ├── UnknownCodingError         501, the body is framed in a way that is not understood
    ├── OverloadedError            503, names the wait
    └── InternalError              500, a defect of ours
"""

from collections.abc import Mapping

from posthouse.core.kernel.errors import PosthouseError


class HttpError(PosthouseError):
    """The request cannot be served."""

    slug = "bad-request"
    status = 400

    def __init__(self, detail: str = "", *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.headers = dict(headers or {})


class UnauthorizedError(HttpError):
    """No valid API key."""

    slug = "unauthorized"
    status = 401

    def __init__(self, detail: str, *, error: str = "") -> None:
        challenge = 'Bearer realm="posthouse"' + (f', error="{error}"' if error else "")
        super().__init__(detail, headers={"www-authenticate": challenge})


class MissingScopeError(HttpError):
    """The API key lacks a scope."""

    slug = "missing-scope"
    status = 403

    def __init__(self, scope: str) -> None:
        challenge = f'Bearer realm="posthouse", error="insufficient_scope", scope="{scope}"'
        super().__init__(
            f"This needs the scope {scope}, which the key does not have; create a key with it.",
            headers={"www-authenticate": challenge},
        )
        self.scope = scope


class WrongNetworkError(HttpError):
    """The API key may not be used from this network."""

    slug = "wrong-network"
    status = 403


class UnknownPathError(HttpError):
    """There is nothing at this path."""

    slug = "unknown-path"
    status = 404


class MethodNotAllowedError(HttpError):
    """This path does not take that method."""

    slug = "method-not-allowed"
    status = 405

    def __init__(self, method: str, allowed: str) -> None:
        super().__init__(f"{method} is not possible here; use {allowed}.", headers={"allow": allowed})


class RequestTimeoutError(HttpError):
    """The request's body came too slowly."""

    slug = "request-timeout"
    status = 408


class TooLargeError(HttpError):
    """The request's body is too large."""

    slug = "too-large"
    status = 413


class UnsupportedMediaTypeError(HttpError):
    """The request's body is in a form that is not understood."""

    slug = "unsupported-media-type"
    status = 415


class MalformedJsonError(HttpError):
    """The request's body is not JSON."""

    slug = "malformed-json"
    status = 400


class BadRequestError(HttpError):
    """The request breaks the rules of HTTP or of this API."""

    slug = "bad-request"
    status = 400


class RateLimitedError(HttpError):
    """Too many requests with this key."""

    slug = "rate-limited"
    status = 429


class HeadTooLargeError(HttpError):
    """The head of the request is too large."""

    slug = "head-too-large"
    status = 431


class UnknownCodingError(HttpError):
    """The request has a transfer coding that is not understood."""

    slug = "unknown-transfer-coding"
    status = 501


class InternalError(HttpError):
    """Something broke on our side."""

    slug = "internal"
    status = 500
