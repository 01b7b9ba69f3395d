"""Errors, and the one table that tells their HTTP status. Every error is answered in one shape, `ErrorAnswer`.

ApiError
├── MalformedError       the body is no JSON, or no object
├── UnauthorizedError    no key, or a wrong one
├── NotFoundError        there is no such journey, contact or enrolment
├── ConflictError        what is asked cannot be done any more, or not with this one
├── TooLargeError        over a limit of size
├── MistakesError        files of authors hold mistakes, each with file and line
└── InvalidError         fields that cannot be taken, each with its path
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from starlette.exceptions import HTTPException
from temporalio.service import RPCError

from rules.mistakes import Mistake
from store.recording import EventRefusedError, IntakeOverloadedError, IntakeUnavailableError
from workflows.starting import RunOver, TemporalProblem


class Detail(BaseModel):
    """One thing that is wrong, and where."""

    path: str = Field(examples=["properties.price"])
    message: str = Field(examples=["must be an object"])


class MistakeDetail(BaseModel):
    """One mistake in a file of authors, with advice."""

    file: str = Field(examples=["journeys/welcome.yaml"])
    line: int = Field(examples=[7])
    place: str = Field(examples=["steps > 'nudge' > wait"])
    advice: str = Field(examples=["'soon' is no duration; write a number and s, m, h, d or w"])


class ErrorBody(BaseModel):
    """What went wrong: a code for programs, a message for people, and the fields or files at fault."""

    code: str = Field(examples=["invalid"])
    message: str = Field(examples=["1 field cannot be taken"])
    details: list[Detail] = Field(default_factory=list)
    mistakes: list[MistakeDetail] = Field(default_factory=list, description="Only where files were sent.")


class ErrorAnswer(BaseModel):
    """The shape of every error."""

    error: ErrorBody


class ApiError(Exception):
    """A request that cannot be served, because of what it asks."""

    def __init__(self, message: str, details: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.details = details


class MalformedError(ApiError):
    """The body is no JSON, or not of the form that this address takes."""


class UnauthorizedError(ApiError):
    """No key, or a wrong one."""


class NotFoundError(ApiError):
    """There is no such thing."""


class ConflictError(ApiError):
    """What is asked cannot be done any more, or not with this one."""


class TooLargeError(ApiError):
    """The body, or an event in it, is over a limit of size."""


class InvalidError(ApiError):
    """Fields that cannot be taken."""


class MistakesError(ApiError):
    """Files of authors hold mistakes; nothing was done with any of them."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__(f"{len(mistakes)} mistake{'s' * (len(mistakes) != 1)} in the files; nothing was published")
        self.mistakes = mistakes


@dataclass(frozen=True)
class Verdict:
    """How an error is answered. `message` stands in for the error's own words, when those are not for the public."""

    status: HTTPStatus
    code: str
    headers: Mapping[str, str] | None = None
    message: str | None = None


_SOON = {"Retry-After": "5"}
_AWAY = "the database cannot be reached just now; send it again, under the same messageId"
_TEMPORAL_AWAY = "Temporal cannot be reached just now; try again"

VERDICTS: dict[type[Exception], Verdict] = {
    MalformedError: Verdict(HTTPStatus.BAD_REQUEST, "malformed"),
    UnauthorizedError: Verdict(HTTPStatus.UNAUTHORIZED, "unauthorized", {"WWW-Authenticate": 'Basic realm="kundresa"'}),
    NotFoundError: Verdict(HTTPStatus.NOT_FOUND, "not_found"),
    ConflictError: Verdict(HTTPStatus.CONFLICT, "conflict"),
    TooLargeError: Verdict(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large"),
    InvalidError: Verdict(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid"),
    MistakesError: Verdict(HTTPStatus.UNPROCESSABLE_ENTITY, "mistakes"),
    EventRefusedError: Verdict(HTTPStatus.UNPROCESSABLE_ENTITY, "refused"),
    IntakeOverloadedError: Verdict(
        HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", {"Retry-After": "1"}, "too much waits just now; send it again"
    ),
    IntakeUnavailableError: Verdict(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", _SOON, _AWAY),
    DBAPIError: Verdict(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", _SOON, _AWAY),
    SQLAlchemyError: Verdict(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", _SOON, _AWAY),
    OSError: Verdict(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", _SOON, _AWAY),
    RPCError: Verdict(HTTPStatus.SERVICE_UNAVAILABLE, "temporal_unavailable", _SOON, _TEMPORAL_AWAY),
    TemporalProblem: Verdict(HTTPStatus.SERVICE_UNAVAILABLE, "temporal_unavailable", _SOON, _TEMPORAL_AWAY),
    RunOver: Verdict(HTTPStatus.CONFLICT, "conflict", message="the run is over"),
}


def problem(
    status: int,
    code: str,
    message: str,
    details: tuple[tuple[str, str], ...] = (),
    headers: Mapping[str, str] | None = None,
    mistakes: Sequence[Mistake] = (),
) -> Response:
    """An error in its one shape."""
    told: dict[str, Any] = {"code": code, "message": message}
    told["details"] = [{"path": path, "message": said} for path, said in details]
    if mistakes:
        told["mistakes"] = [
            {"file": each.file, "line": each.line, "place": each.where, "advice": each.message} for each in mistakes
        ]
    return Response(orjson.dumps({"error": told}), status, dict(headers or {}), "application/json")


def verdict_on(error: Exception) -> Verdict:
    """The verdict of the nearest kind of error in the table."""
    return next(VERDICTS[kind] for kind in type(error).__mro__ if kind in VERDICTS)


def answer_to(error: Exception) -> Response:
    """The answer to an error of the table."""
    verdict = verdict_on(error)
    details = error.details if isinstance(error, ApiError) else ()
    mistakes = error.mistakes if isinstance(error, MistakesError) else ()
    return problem(verdict.status, verdict.code, verdict.message or str(error), details, verdict.headers, mistakes)


async def _answer(request: Request, error: Exception) -> Response:
    return answer_to(error)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    return problem(status, status.name.lower(), status.phrase, headers=error.headers)


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return problem(HTTPStatus.BAD_REQUEST, "malformed", "the body is no JSON")
    details = tuple((".".join(str(part) for part in item["loc"][1:]), str(item["msg"])) for item in found)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", counted(len(details)), details)


async def _mistake(request: Request, error: Exception) -> Response:
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "a mistake of ours; it was logged")


def counted(fields: int) -> str:
    """The message of an error about fields."""
    return f"{fields} field{'s' if fields != 1 else ''} cannot be taken"


def install(app: FastAPI) -> None:
    """Answer every error of the application in the one shape."""
    for kind in VERDICTS:
        app.add_exception_handler(kind, _answer)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(Exception, _mistake)


def documented(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of these errors."""
    return {status.value: {"model": ErrorAnswer, "description": status.phrase} for status in statuses}
