"""A byte language model in numpy: the last bytes, one layer of tanh, softmax."""
import hashlib
import os

import numpy as np

CLASSES = 256


def softmax(logits):
    logits = np.exp(logits - logits.max(axis=1, keepdims=True))
    return logits / logits.sum(axis=1, keepdims=True)


class ByteMLP:
    """p(next) = softmax(W2 tanh(W1 [e(b-7) ... e(b)] + c1) + c2).

    A step replaces the arrays of `params` and never writes into one: whoever holds
    the dictionary of before holds the model of before.
    """

    def __init__(self, context=8, embedding=12, hidden=96, seed=1):
        random = np.random.default_rng(seed)

        def normal(rows, cols, deviation):
            return (random.standard_normal((rows, cols)) * deviation).astype(np.float32)

        self.context = context
        wide = context * embedding
        self.params = {
            "embedding": normal(CLASSES, embedding, 1),
            "in": normal(wide, hidden, wide**-0.5),
            "in_bias": np.zeros((1, hidden), np.float32),
            "out": normal(hidden, CLASSES, 0.5 * hidden**-0.5),
            "out_bias": np.zeros((1, CLASSES), np.float32),
        }
        self.first = {name: np.zeros_like(p) for name, p in self.params.items()}
        self.second = {name: np.zeros_like(p) for name, p in self.params.items()}
        self.steps = 0

    def hash(self):
        digest = hashlib.sha256()
        for name in sorted(self.params):
            digest.update(name.encode())
            digest.update(self.params[name].astype("<f4").tobytes())
        return digest.digest()

    def windows(self, tokens):
        """For each position of [n, t] tokens the bytes up to it, zeros before the first."""
        n, t = tokens.shape
        padded = np.concatenate([np.zeros((n, self.context - 1), np.uint8), tokens], axis=1)
        view = np.lib.stride_tricks.sliding_window_view(padded, self.context, axis=1)
        return view.reshape(n * t, self.context)

    @staticmethod
    def layers(params, windows):
        x = params["embedding"][windows].reshape(len(windows), -1)
        hidden = np.tanh(x @ params["in"] + params["in_bias"])
        return x, hidden, softmax(hidden @ params["out"] + params["out_bias"])

    def predict(self, params, windows):
        return self.layers(params, windows)[2]

    def step(self, tokens, targets, teacher, beta, rate):
        """One step of Adam; returns the loss before it.

        The loss is the mean of -log p over the known targets, and beta times the mean
        of KL(teacher || p) where there is a teacher.
        """
        windows = self.windows(tokens)
        x, hidden, p = self.layers(self.params, windows)
        rows = np.arange(len(p))
        known = targets >= 0
        each = known / max(1, known.sum())
        logs = np.log(np.maximum(p, 1e-30))
        loss = -(each * logs[rows, targets]).sum()
        slope = p * each[:, None]
        slope[rows, targets] -= each
        if teacher is not None:
            ratio = np.where(teacher > 0, np.log(np.maximum(teacher, 1e-30)) - logs, 0)
            loss += beta * (teacher * ratio).sum() / len(p)
            slope += beta * (p - teacher) / len(p)
        slope = slope.astype(np.float32)
        below = slope @ self.params["out"].T * (1 - hidden**2)
        gradients = {
            "out": hidden.T @ slope,
            "out_bias": slope.sum(axis=0, keepdims=True),
            "in": x.T @ below,
            "in_bias": below.sum(axis=0, keepdims=True),
            "embedding": np.zeros_like(self.params["embedding"]),
        }
        embedded = (below @ self.params["in"].T).reshape(*windows.shape, -1)
        np.add.at(gradients["embedding"], windows, embedded)
        self._adam(gradients, rate)
        return float(loss)

    def _adam(self, gradients, rate, beta1=0.9, beta2=0.99):
        self.steps += 1
        params = {}
        for name, g in gradients.items():
            self.first[name] = beta1 * self.first[name] + (1 - beta1) * g
            self.second[name] = beta2 * self.second[name] + (1 - beta2) * g * g
            mean = self.first[name] / (1 - beta1**self.steps)
            square = self.second[name] / (1 - beta2**self.steps)
            params[name] = (self.params[name] - rate * mean / (np.sqrt(square) + 1e-8)).astype(np.float32)
        self.params = params

    def save(self, path):
        """Writes a whole new file, or leaves the old one."""
        arrays = {"steps": np.array(self.steps)}
        for kind, values in ("params", self.params), ("first", self.first), ("second", self.second):
            arrays.update({kind + "/" + name: value for name, value in values.items()})
        temporary = path + ".saving"
        with open(temporary, "wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)

    def load(self, path):
        """Goes on from a file; when it fails, the model is as it was."""
        read = {}
        with np.load(path, allow_pickle=False) as file:
            steps = int(file["steps"])
            for kind in "params", "first", "second":
                read[kind] = {}
                for name, value in self.params.items():
                    array = file[kind + "/" + name]
                    if array.shape != value.shape or not np.isfinite(array).all():
                        raise ValueError("%s/%s has shape %s and finite values: %s" % (kind, name, array.shape, np.isfinite(array).all()))
                    read[kind][name] = array.astype(np.float32)
        self.params, self.first, self.second, self.steps = read["params"], read["first"], read["second"], steps
