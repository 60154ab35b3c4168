"""Serves the byte language model of bytelm.py to a neuron, by tao.model.v1.

    apt-get install python3-grpcio python3-numpy
    python3 server.py unix:/run/user/1000/model      or      python3 server.py 127.0.0.1:7300

It needs no generated code: tao.binpb is the description of the protocol, and the
classes of its messages are made from it at start.
"""
import contextlib
import os
import signal
import sys
import threading
from concurrent import futures

import grpc
import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

import frames
from bytelm import CLASSES, ByteMLP

SERVICE = "tao.model.v1.ModelService"
MAX_MESSAGE = 2 * (frames.HEADER + (1 << 25)) + (1 << 20)
MAX_ROWS = 1 << 15
MAX_SEQUENCES = 1024


def messages():
    """The classes of tao.model.v1's messages and of what they hold, by their full names."""
    pool = descriptor_pool.DescriptorPool()
    files = descriptor_pb2.FileDescriptorSet()
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "tao.binpb"), "rb") as f:
        files.ParseFromString(f.read())
    for file in files.file:
        pool.AddSerializedFile(file.SerializeToString())
    if hasattr(message_factory, "GetMessageClass"):  # protobuf 4.22 and later
        make = message_factory.GetMessageClass
    else:
        make = message_factory.MessageFactory(pool).GetPrototype
    return {
        file.package + "." + message.name: make(pool.FindMessageTypeByName(file.package + "." + message.name))
        for file in files.file
        for message in file.message_type
    }


MESSAGES = messages()


def message(name):
    return MESSAGES["tao.model.v1." + name]


@contextlib.contextmanager
def told(context):
    """Tells the neuron what is wrong with what it sent."""
    try:
        yield
    except (ValueError, KeyError, OSError) as error:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "%s: %s" % (type(error).__name__, error))


def text(frame):
    modality, tokens = frames.decode(frame)
    if modality != frames.TEXT or tokens.dtype != np.uint8 or tokens.ndim != 2:
        raise ValueError("an input of modality %d and shape %s, this model reads text, [n, t] of u8" % (modality, tokens.shape))
    if tokens.size > MAX_ROWS:
        raise ValueError("%d rows, at most %d" % (tokens.size, MAX_ROWS))
    return tokens


class Model:
    """The methods of the service. Each gets its request and gRPC's context."""

    def __init__(self, model):
        self.model = model
        self.learning = threading.Lock()

    def describe(self, request, context):
        card = MESSAGES["tao.synapse.v1.Card"](
            modality=frames.TEXT, architecture="python-mlp", classes=CLASSES, context=self.model.context,
            parameters=sum(p.size for p in self.model.params.values()), hash=self.model.hash(), follows=True,
        )
        return message("DescribeResponse")(card=card, trains=True, saves=True)

    def forward(self, request, context):
        with told(context):
            tokens = text(request.input)
            p = self.model.predict(self.model.params, self.model.windows(tokens))
            return message("ForwardResponse")(output=frames.encode(frames.TEXT, p))

    def follow(self, requests, context):
        with told(context):
            first = next(requests, None)
            if first is None:
                return
            if first.WhichOneof("kind") != "open" or not 1 <= first.open.sequences <= MAX_SEQUENCES or first.open.contexts:
                raise ValueError("a stream begins with an opening of 1 to %d sequences without contexts" % MAX_SEQUENCES)
            params = self.model.params  # to the end of the stream
            windows = np.zeros((first.open.sequences, self.model.context), np.uint8)
            yield message("FollowResponse")()
            for request in requests:
                seen = np.frombuffer(request.step.bytes, np.uint8)
                if request.WhichOneof("kind") != "step" or not 1 <= len(seen) <= len(windows):
                    raise ValueError("after the opening come steps of 1 to %d bytes" % len(windows))
                if request.step.restart:
                    windows[:] = 0
                used = windows[: len(seen)]
                used[:, :-1] = used[:, 1:].copy()
                used[:, -1] = seen
                p = self.model.predict(params, used)
                yield message("FollowResponse")(output=frames.encode(frames.TEXT, p))

    def step(self, request, context):
        with told(context):
            tokens = text(request.input)
            targets = np.array(request.targets, np.int64)
            if len(targets) != tokens.size or (targets < -1).any() or (targets >= CLASSES).any():
                raise ValueError("%d targets for %d rows, each -1 to %d" % (len(targets), tokens.size, CLASSES - 1))
            teacher = None
            if request.teacher:
                _, teacher = frames.decode(request.teacher)
                if teacher.shape != (tokens.size, CLASSES):
                    raise ValueError("a teacher of shape %s for %d rows" % (teacher.shape, tokens.size))
            with self.learning:
                loss = self.model.step(tokens, targets, teacher, request.beta, request.rate)
            return message("StepResponse")(loss=loss)

    def save(self, request, context):
        with told(context), self.learning:
            self.model.save(request.path)
            return message("SaveResponse")()

    def load(self, request, context):
        with told(context), self.learning:
            self.model.load(request.path)
            return message("LoadResponse")()


def handlers(model):
    def unary(name, method):
        request, response = message(name + "Request"), message(name + "Response")
        return grpc.unary_unary_rpc_method_handler(method, request.FromString, response.SerializeToString)

    return grpc.method_handlers_generic_handler(SERVICE, {
        "Describe": unary("Describe", model.describe),
        "Forward": unary("Forward", model.forward),
        "Step": unary("Step", model.step),
        "Save": unary("Save", model.save),
        "Load": unary("Load", model.load),
        "Follow": grpc.stream_stream_rpc_method_handler(
            model.follow, message("FollowRequest").FromString, message("FollowResponse").SerializeToString),
    })


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: server.py unix:/path or 127.0.0.1:port")
    address = sys.argv[1]
    # An open Follow keeps one thread.
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=32), options=[
        ("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.max_send_message_length", MAX_MESSAGE),
        ("grpc.so_reuseport", 0),
    ])
    server.add_generic_rpc_handlers((handlers(Model(ByteMLP())),))
    try:
        if server.add_insecure_port(address) == 0:
            raise RuntimeError("it is in use, or cannot be made")
    except RuntimeError as error:
        sys.exit("cannot serve at %s: %s" % (address, error))
    signal.signal(signal.SIGTERM, lambda *_: server.stop(1))
    server.start()
    print("serving at %s" % address, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
