"""The errors of lineage. Each says what is wrong, where, and what to do."""


class LineageError(Exception):
    """The base of all errors of lineage. Its text is complete: one sentence for each problem, one problem a line."""


class NotFound(LineageError):
    """An entity or an association does not exist."""


class AlreadyExists(LineageError):
    """The name or the source belongs to another entity. The text shows both."""


class Cycle(LineageError):
    """An association would close a cycle."""


class TooLarge(LineageError):
    """A graph or a plan is larger than the cap."""


class TimedOut(LineageError):
    """A query took longer than its limit."""


class LimitReached(LineageError):
    """The account holds as many entities of a kind as SageMaker allows."""


class Denied(LineageError):
    """AWS refused the call: a permission is missing."""


class Throttled(LineageError):
    """AWS refused the call because of too many requests, also after all retries."""


class Invalid(LineageError):
    """Names, lengths, counts or other values that SageMaker would refuse. The text lists all problems."""
