"""Code shared by the peers' benchmarks: results in the form printed by tests/examples/bench."""
import resource, time


def measure(work, unit, units, step, counted=12):
    """The median of `counted` steps, after three warm-up steps."""
    for _ in range(3): step()
    seconds = []
    for _ in range(counted):
        t = time.perf_counter(); step(); seconds.append(time.perf_counter() - t)
    median = sorted(seconds)[counted // 2]
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"work": work, "unit": unit, "rate": round(units / median, 1), "seconds": round(median, 5), "rss_mb": rss_mb}
