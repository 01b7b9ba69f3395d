"""What Temporal and the logs get to know of errors that nobody expected: their kind, never their words."""

from typing import Any

from sqlalchemy.exc import DBAPIError
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor


class Discretion(Interceptor):
    """Goes round every activity. Errors meant for Temporal pass; the words of all others may quote a contact."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 (the SDK's name)
        """Put the rule round an activity."""
        return _Discreet(next)


class _Discreet(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 (the SDK's name)
        try:
            return await super().execute_activity(input)
        except FailureError:
            raise
        except Exception as error:  # noqa: BLE001 (each of them is raised again, in fewer words)
            # The place in the code travels with it, as its traceback; what it was raised from does not.
            raise ApplicationError(_kind(error), type=type(error).__name__).with_traceback(
                error.__traceback__
            ) from None


def _kind(error: Exception) -> str:
    """The error's class; of one that came from the database also PostgreSQL's code for it."""
    code = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    return f"{type(error).__name__} {code}" if code else type(error).__name__
