"""What operators can count, in Prometheus' format."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric


class Metrics:
    def __init__(self, release: str, pool_numbers: Callable[[], dict[str, int]]) -> None:
        self._registry = CollectorRegistry()
        # By route and never by path: paths are as many as people type.
        labels = ["method", "route", "status"]
        self._requests = Counter("http_requests", "Requests that were answered", labels, registry=self._registry)
        self._seconds = Histogram("http_request_seconds", "Until the answer", ["route"], registry=self._registry)
        self._registry.register(Now(release, pool_numbers))

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        return generate_latest(self._registry)


class Now:
    """Asked for each time that somebody reads."""

    def __init__(self, release: str, pool_numbers: Callable[[], dict[str, int]]) -> None:
        self._release = release
        self._pool_numbers = pool_numbers

    def collect(self) -> Iterator[Metric]:
        info = GaugeMetricFamily("service_info", "Which release this is", labels=["release"])
        info.add_metric([self._release], 1)
        yield info
        for name, value in self._pool_numbers().items():
            yield GaugeMetricFamily(f"database_{name}", "Of the pool of connections", value=value)
