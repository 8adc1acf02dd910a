"""How a peer talks with the bench: tasks come in as lines of JSON, times and answers go out.

The first line names the measure and the .npy files. Each further line asks for one run: "warm" on the first layer of
either side, "run" on all. Only the computation is timed; the arrays are in memory before, as float32.
"""

import json
import platform
import resource
import sys
import time

import numpy as np


def serve(measures, streaming=()):
    """Answers until the bench closes the pipe. Names in `streaming` get memory-mapped files instead of arrays."""
    try:
        task = json.loads(sys.stdin.readline())
        measure = measures[task["measure"]]
        mode = "r" if task["measure"] in streaming else None
        xs, ys = ([np.load(path, mmap_mode=mode) for path in task[side]] for side in "xy")
        reply({"environment": environment()})
        for request in iter(sys.stdin.readline, ""):
            layers = (xs[:1], ys[:1]) if request.strip() == "warm" else (xs, ys)
            start = time.perf_counter()
            answer = measure(*layers)
            seconds = time.perf_counter() - start
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            reply({"seconds": seconds, "answer": answer, "peakMegabytes": peak})
    except (Exception, MemoryError) as error:
        reply({"error": f"{type(error).__name__}: {error}"})


def reply(message):
    print(json.dumps(message), flush=True)


def environment():
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
