"""How a peer talks with the bench: a task comes in as a line of JSON, times and answers go out.

Each further line asks for one run: "warm" for one that does not count, "run" for one that does. Only the computation
is timed; the data are in memory before.
"""

import json
import platform
import resource
import sys
import time

import numpy as np


def serve(prepare, environment):
    """Answers until the bench closes the pipe. `prepare(task)` loads the data and returns a function that performs a
    request and returns the seconds of one computation, the seconds of all that it timed, and the answer."""
    try:
        perform = prepare(json.loads(sys.stdin.readline()))
        reply({"environment": environment()})
        for request in iter(sys.stdin.readline, ""):
            seconds, spent, answer = perform(request.strip())
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            reply({"seconds": seconds, "spent": spent, "answer": answer, "peakMegabytes": peak})
    except (Exception, MemoryError) as error:
        reply({"error": f"{type(error).__name__}: {error}"})


def serve_measures(measures, streaming=()):
    """The measures of similarity, on the .npy files of the task, as float32. "warm" takes the first layer of either side
    only. Names in `streaming` get memory-mapped files instead of arrays."""

    def prepare(task):
        measure = measures[task["measure"]]
        mode = "r" if task["measure"] in streaming else None
        xs, ys = ([np.load(path, mmap_mode=mode) for path in task[side]] for side in "xy")

        def perform(request):
            layers = (xs[:1], ys[:1]) if request == "warm" else (xs, ys)
            start = time.perf_counter()
            answer = measure(*layers)
            seconds = time.perf_counter() - start
            return seconds, seconds, answer

        return perform

    serve(prepare, numpy_environment)


def reply(message):
    print(json.dumps(message), flush=True)


def numpy_environment():
    return {"python": platform.python_version(), "numpy": np.__version__, **blas()}


def blas():
    """Which BLAS numpy uses, and with how many threads where threadpoolctl is there to tell."""
    try:
        from threadpoolctl import threadpool_info

        for pool in threadpool_info():
            if pool["user_api"] == "blas":
                name = " ".join(str(pool.get(key)) for key in ("internal_api", "version", "architecture"))
                return {"blas": name, "blas_threads": pool["num_threads"]}
    except ImportError:
        pass
    try:
        found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return {"blas": f"{found['name']} {found['version']}", "blas_threads": "unknown: pip install threadpoolctl"}
    except (TypeError, KeyError):
        return {"blas": "unknown", "blas_threads": "unknown: pip install threadpoolctl"}
