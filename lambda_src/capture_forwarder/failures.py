"""Why a request had no answer: the one cause below the errors of the libraries, as a sentence with the next step."""

import errno
import ssl
from collections.abc import Iterator
from enum import Enum
from http.client import ResponseNotReady
from socket import gaierror

_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}


class NoAddress(OSError):
    """The name of a host has no address."""


class Failure(Enum):
    """The causes that are distinguished, each with a description and the next step."""

    NO_ADDRESS = ("the name of the host has no address", "correct the name, or check DNS")
    REFUSED = ("the connection was refused", "check that a server runs there, and the port")
    NO_ROUTE = ("the host cannot be reached", "check the network, a VPN, and the routes of the subnet")
    LATE = ("no answer in time", "check the network, and firewalls or security groups on the way")
    CLOSED = ("the connection was closed before the answer", "try again later, and check proxies on the way")
    UNTRUSTED = ("the server's certificate cannot be verified", "trust the authority that signed it")
    NO_TLS = ("the server does not speak TLS as expected", "check the port, and http or https")

    @property
    def happened(self) -> str:
        """The description of the failure."""
        return self.value[0]

    @property
    def advice(self) -> str:
        """The next step for a person."""
        return self.value[1]


def failure_of(error: BaseException) -> Failure | None:
    """Return the cause of `error` that is deepest in the errors it was raised for; `None` if it is another one."""
    found = [failure for each in causes(error) if (failure := _failure(each))]
    return found[-1] if found else None


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and the errors that it was raised for, the outermost first.

    Behind a proxy urllib3 wraps an error of TLS as an argument, without raising it for that error.
    """
    seen: set[int] = set()
    here: BaseException | None = error
    while here is not None and id(here) not in seen:
        yield here
        seen.add(id(here))
        wrapped = (each for each in here.args if isinstance(each, BaseException))
        here = here.__cause__ or here.__context__ or next(wrapped, None)


def _failure(error: BaseException) -> Failure | None:
    """Return the failure that one error says by its type, or by its number."""
    if isinstance(error, OSError) and error.errno in _NO_ROUTE:
        return Failure.NO_ROUTE
    return next((failure for kinds, failure in _BY_TYPE if isinstance(error, kinds)), None)


# The first entry of which an error is an instance is its failure.
_BY_TYPE: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Failure], ...] = (
    ((NoAddress, gaierror), Failure.NO_ADDRESS),
    (ssl.SSLCertVerificationError, Failure.UNTRUSTED),
    (ConnectionRefusedError, Failure.REFUSED),
    # RemoteDisconnected is a ConnectionResetError. http.client is not ready if the connection broke while it sent.
    ((ConnectionResetError, ConnectionAbortedError, BrokenPipeError, ResponseNotReady), Failure.CLOSED),
    ((ssl.SSLEOFError, ssl.SSLZeroReturnError), Failure.CLOSED),
    (ssl.SSLError, Failure.NO_TLS),
    (TimeoutError, Failure.LATE),
)
