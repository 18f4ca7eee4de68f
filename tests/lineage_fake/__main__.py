"""Serves the fake: `python -m tests.lineage_fake --port 5000`, for commands with AWS_ENDPOINT_URL_SAGEMAKER."""

import argparse
import signal
from threading import Event

from moto.server import ThreadedMotoServer

from tests.lineage_fake.modes import ArtifactIdentity, EdgePages, Limits, Modes, Tokens, Updates
from tests.lineage_fake.plugin import lineage_fake


def _modes(options: argparse.Namespace) -> Modes:
    return Modes(
        tokens=options.tokens,
        edge_pages=options.edge_pages,
        empty_pages=options.empty_pages,
        updates=options.updates,
        artifact_identity=options.artifact_identity,
        refuse_cycles=options.refuse_cycles,
        throttle_every=options.throttle_every,
        conflict_every=options.conflict_every,
        hidden_for_calls=options.hidden_for_calls,
        denied=frozenset(options.denied),
        limits=Limits(
            artifacts=options.max_artifacts,
            contexts=options.max_contexts,
            actions=options.max_actions,
            associations=options.max_associations,
        ),
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lineage_fake", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the port of 127.0.0.1; 0 takes a free one")
    parser.add_argument("--tokens", type=Tokens, choices=list(Tokens), default=Tokens.SNAPSHOT)
    parser.add_argument("--edge-pages", type=EdgePages, choices=list(EdgePages), default=EdgePages.WITH_VERTICES)
    parser.add_argument("--empty-pages", action="store_true")
    parser.add_argument("--updates", type=Updates, choices=list(Updates), default=Updates.OVERWRITE)
    parser.add_argument(
        "--artifact-identity", type=ArtifactIdentity, choices=list(ArtifactIdentity), default=ArtifactIdentity.URI
    )
    parser.add_argument("--refuse-cycles", action="store_true")
    parser.add_argument("--throttle-every", type=int, default=0, metavar="CALLS")
    parser.add_argument("--conflict-every", type=int, default=0, metavar="UPDATES")
    parser.add_argument("--hidden-for-calls", type=int, default=0, metavar="CALLS")
    parser.add_argument("--denied", nargs="*", default=[], metavar="OPERATION")
    for kind in ("artifacts", "contexts", "actions", "associations"):
        parser.add_argument(f"--max-{kind}", type=int, default=getattr(Limits(), kind))
    return parser.parse_args()


def main() -> None:
    """Serve until SIGINT or SIGTERM. The first line of the output is the server's URL."""
    options, stopped = _options(), Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with lineage_fake(_modes(options)):
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=options.port, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        print(f"http://{host}:{port}", flush=True)
        stopped.wait()
        server.stop()


if __name__ == "__main__":
    main()
