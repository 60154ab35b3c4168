#!/usr/bin/env bash
# Generates Go types, REST gateways and the OpenAPI description from proto/tao, and
# copies the protos that ours import out of the pinned modules into third_party/proto.
# --check changes nothing: it lints, and fails when the tree is not what proto/ says.
# Needs Go alone: buf and the plugins are pinned in scripts/tools/go.mod.
set -euo pipefail
cd "$(dirname "$0")/.."

case ${1:-} in
  "") check= ;;
  --check) check=1 ;;
  *) echo "protogen: unknown argument $1; usage: scripts/protogen.sh [--check]" >&2; exit 2 ;;
esac

tools=-modfile=scripts/tools/go.mod
buf() { go tool "$tools" buf "$@" --config proto/buf.yaml; }
# The folder of the module that holds a package.
dir() { go list -f '{{.Module.Dir}}' "$@"; }

stage=build/_proto
rm -rf "$stage"
mkdir -p "$stage/third_party"
take() { # take ROOT FILE...: files below ROOT, by the names under which they are imported
  local root=$1 file
  shift
  for file; do install -D -m 644 "$root/$file" "$stage/third_party/$file"; done
}
take "$(dir github.com/cosmos/cosmos-sdk/version)/proto" \
  amino/amino.proto cosmos/base/query/v1beta1/pagination.proto cosmos/base/v1beta1/coin.proto cosmos/msg/v1/msg.proto
take "$(dir github.com/cosmos/cosmos-proto)/proto" cosmos_proto/cosmos.proto
gogoproto=$(dir github.com/cosmos/gogoproto/proto)
take "$gogoproto" gogoproto/gogo.proto
take "$gogoproto/protobuf" google/protobuf/any.proto
take "$(dir "$tools" github.com/grpc-ecosystem/grpc-gateway/runtime)/third_party/googleapis" \
  google/api/annotations.proto google/api/http.proto

# same TREE STAGED: fails when what stands in the tree is not what was staged.
same() {
  diff -ru --exclude=README.md "$1" "$2" && return
  echo "protogen: the tree (-) is not what the protos say (+); run: make proto" >&2
  exit 1
}

if [ -n "$check" ]; then
  same third_party/proto "$stage/third_party"
  buf lint proto
  buf format proto --diff --exit-code || { echo "protogen: proto/ is not formatted; run: make proto" >&2; exit 1; }
else
  find third_party/proto -name '*.proto' -delete
  cp -r "$stage/third_party/." third_party/proto
  buf format proto --write
fi

buf generate --template proto/buf.gen.yaml
buf generate . --template proto/buf.gen.sidecar.yaml --path proto/tao/synapse --path proto/tao/model
services=()
for file in proto/tao/*/v1/query.proto proto/tao/*/v1/tx.proto; do services+=(--path "$file"); done
buf generate . --template proto/buf.gen.openapi.yaml "${services[@]}"
code=$stage/go/github.com/taonet/taonet
openapi=$stage/openapi/taod.swagger.json

# Generated Go files lie in x and neuron alone; one whose proto is gone goes too.
generated() { find x neuron -name '*.pb.go' -o -name '*.pb.gw.go'; }
if [ -n "$check" ]; then
  mkdir "$stage/tree"
  generated | xargs -r cp --parents -t "$stage/tree"
  same "$stage/tree" "$code"
  same app/openapi.json "$openapi"
else
  generated | xargs -r rm
  cp -r "$code/." .
  cp "$openapi" app/openapi.json
fi
