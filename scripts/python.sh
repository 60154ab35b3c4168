#!/usr/bin/env bash
# Python with gRPC and numpy, for the test of a model in another process. Installs
# Debian's packages when they are missing and this user may; otherwise says what to do.
set -euo pipefail

python=/usr/bin/python3
[ -x "$python" ] || python=python3
there() { "$python" -c 'import grpc, numpy, google.protobuf' 2>/dev/null; }

there && exit 0
install=(apt-get install -y --no-install-recommends python3-grpcio python3-numpy)
if command -v apt-get >/dev/null; then
  as=()
  [ "$(id -u)" = 0 ] || as=(sudo -n)
  "${as[@]}" apt-get update -q >&2 || true
  DEBIAN_FRONTEND=noninteractive "${as[@]}" "${install[@]}" >&2 || true
fi
there || { echo "python: grpc and numpy are missing; run: ${install[*]}" >&2; exit 1; }
