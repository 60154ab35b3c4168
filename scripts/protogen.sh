#!/usr/bin/env bash
# Generates Go types, REST gateways and the OpenAPI description from proto/tao.
# Needs protoc (Debian: protobuf-compiler); the plugins are built from scripts/tools.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v protoc >/dev/null; then
  echo "protogen: protoc is missing; install it with: apt-get install -y protobuf-compiler" >&2
  exit 1
fi

bin=$PWD/build/tools
mkdir -p "$bin"
(cd scripts/tools && GOBIN=$bin go install tool)
export PATH=$bin:$PATH

# The protos that ours import come from the modules that go.mod pins.
dir() { go list -m -f '{{.Dir}}' "$1"; }
tooldir() { (cd scripts/tools && dir "$1"); }
include=(
  -I proto
  -I "$(dir github.com/cosmos/cosmos-sdk)/proto"
  -I "$(dir github.com/cosmos/gogoproto)"
  -I "$(dir github.com/cosmos/gogoproto)/protobuf"
  -I "$(dir github.com/cosmos/cosmos-proto)/proto"
  -I "$(tooldir github.com/grpc-ecosystem/grpc-gateway)/third_party/googleapis"
)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

for folder in proto/tao/*/v1; do
  protoc "${include[@]}" \
    --gocosmos_out=plugins=grpc,Mgoogle/protobuf/any.proto=github.com/cosmos/gogoproto/types/any:"$out" \
    --grpc-gateway_out=logtostderr=true,allow_colon_final_segments=true:"$out" \
    "$folder"/*.proto
done
cp -r "$out"/github.com/taonet/taonet/. .

protoc "${include[@]}" --swagger_out=logtostderr=true,allow_merge=true,merge_file_name=taod,fqn_for_swagger_name=true:"$out" \
  proto/tao/*/v1/query.proto proto/tao/*/v1/tx.proto
cp "$out/taod.swagger.json" app/openapi.json
