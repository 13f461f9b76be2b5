"""Clock of a rival that runs an ONNX graph: `python -m rivals.clock_onnx onnxruntime GRAPH PICTURES BATCH`.

Needs nothing of striate, so that it runs in an environment of the rival's own. Prints seconds of each run, after two
that do not count, and the first rows of the answer. OpenVINO has its own defaults: bfloat16 where the processor has it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import numpy as np

ENOUGH, LEAST, MOST = 0.5, 3, 4000  # seconds of measuring, and how many runs


def main(engine: str, graph: str, pictures: str, batch: str) -> None:
    """Time runs on the first `batch` pictures of a file of arrays."""
    images = np.load(pictures)[: int(batch)]
    run = ENGINES[engine](graph)
    answer = run(images)
    run(images)
    seconds: list[float] = []
    while (sum(seconds) < ENOUGH or len(seconds) < LEAST) and len(seconds) < MOST:
        started = time.perf_counter()
        run(images)
        seconds.append(time.perf_counter() - started)
    print(json.dumps({"seconds": seconds, "answer": np.asarray(answer, float)[:8].round(6).tolist()}))


def onnxruntime(path: str) -> Callable[[np.ndarray], np.ndarray]:
    """ONNX Runtime with its own settings, float32."""
    import onnxruntime as ort

    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda images: session.run(None, {name: images})[0]


def openvino(path: str) -> Callable[[np.ndarray], np.ndarray]:
    """OpenVINO with its own settings, set to answer soon, as it advises for one request at a time."""
    import openvino as ov

    compiled = ov.Core().compile_model(path, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    request = compiled.create_infer_request()
    return lambda images: request.infer([images], share_inputs=True)[compiled.outputs[0]]


ENGINES = {"onnxruntime": onnxruntime, "openvino": openvino}

if __name__ == "__main__":
    main(*sys.argv[1:])
