package remote

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/taonet/taonet/neuron/synapse"
)

var update = flag.Bool("update", false, "write example/tao.binpb anew")

// TestDescriptors: what the example in Python knows of the protocol is the protocol.
func TestDescriptors(t *testing.T) {
	const path = "example/tao.binpb"
	want, err := proto.MarshalOptions{Deterministic: true}.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{
		protodesc.ToFileDescriptorProto(synapse.File_tao_synapse_v1_synapse_proto),
		protodesc.ToFileDescriptorProto(File_tao_model_v1_model_proto),
	}})
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(path, want, 0o644))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	var a, b descriptorpb.FileDescriptorSet
	require.NoError(t, proto.Unmarshal(got, &a))
	require.NoError(t, proto.Unmarshal(want, &b))
	require.True(t, proto.Equal(&a, &b), "the protos changed: go test ./neuron/model/remote -run TestDescriptors -update")
}
