#!/usr/bin/env bash
# measured.sh NAME COMMAND...: runs a command and keeps what it prints, with the
# machine and the date, in scripts/results/NAME.txt.
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1
shift
mkdir -p scripts/results
{
  echo "date:    $(date -u +%Y-%m-%dT%H:%M:%SZ)"
  echo "machine: $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | sed 's/^ *//'), $(nproc) cores, $(awk '/MemTotal/ {printf "%.0f GiB", $2/1048576}' /proc/meminfo)"
  echo "go:      $(go env GOVERSION) $(go env GOOS)/$(go env GOARCH)"
  echo "commit:  $(git rev-parse --short HEAD)$(git diff --quiet || echo ' with changes')"
  echo "command: $*"
  echo
  "$@" 2>&1 | sed -E "s,/tmp/[^ ]*/,,g"
} | tee "scripts/results/$name.txt"
