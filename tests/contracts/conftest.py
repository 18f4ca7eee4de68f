"""Certificates for the servers of these tests."""

import pytest

from tests.e2e.tls import Certificate, write_certificate


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Write a certificate for 127.0.0.1."""
    return write_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(params=["plain", "tls"])
def tls(request: pytest.FixtureRequest, certificate: Certificate) -> Certificate | None:
    """Give a certificate, or none for plain connections."""
    return certificate if request.param == "tls" else None
