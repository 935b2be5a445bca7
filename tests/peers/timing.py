"""What the peers' benchmarks share: the figures of a work, of the form that tests/examples/bench prints."""
import resource, time


def measure(work, unit, units, step, counted=12):
    """The median of `counted` steps behind three that do not count."""
    for _ in range(3): step()
    seconds = []
    for _ in range(counted):
        t = time.perf_counter(); step(); seconds.append(time.perf_counter() - t)
    median = sorted(seconds)[counted // 2]
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"work": work, "unit": unit, "rate": round(units / median, 1), "seconds": round(median, 5), "rss_mb": rss_mb}
