"""Files of certificates that a destination's server is verified with."""

import ssl
from pathlib import Path


def bundle_problem(path: str) -> str | None:
    """Return why no server can be verified with the file at `path`, or `None`. The sentence says what to do."""
    try:
        if b"PRIVATE KEY" in Path(path).read_bytes():
            return f"{path} holds a private key, and is deployed with the function; leave only certificates in it"
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        return f"{path} holds no PEM certificate; write the path of a PEM file with the certificate of an authority"
    except ValueError:
        return "the path holds a null character; write the path of a PEM file, relative to forwarder.toml"
    except OSError as error:
        why = f"{path} cannot be read ({error.strerror})"
        return f"{why}; put the file there, or write another path, relative to forwarder.toml"
    return None
