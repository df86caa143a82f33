"""What a node measures of itself and, where it has the watch, of the whole queue: read when its page is asked for.

Not kept in the processes' files: what is not known any more must vanish from the page instead of standing still.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import GaugeMetricFamily


@dataclass(frozen=True, slots=True)
class Reading:
    """A gauge: its name, what it tells, and its labels."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


QUEUE_WAITING: Final = Reading(
    "viva_queue_waiting_jobs", "Jobs that a worker could begin now, up to 100,000 of a tenant.", ("lane", "rank")
)
QUEUE_OLDEST: Final = Reading(
    "viva_queue_oldest_waiting_age_seconds", "How long the oldest waiting job could have been begun.", ("lane", "rank")
)
QUEUE_LEASED: Final = Reading("viva_queue_leased_jobs", "Jobs that a worker has.", ("lane",))
QUEUE_DELAYED: Final = Reading("viva_queue_delayed_jobs", "Jobs that are to be begun later.", ("lane",))
SPOOL_BYTES: Final = Reading("viva_spool_bytes", "Bytes of media on their way.")
SPOOL_FREE_BYTES: Final = Reading("viva_spool_free_bytes", "Free bytes of the spool's file system.")
SPOOL_SIZE_BYTES: Final = Reading("viva_spool_size_bytes", "Size of the spool's file system.")
CERTIFICATE_END: Final = Reading(
    "viva_certificate_expiry_timestamp_seconds", "When the API's TLS certificate ends, Unix time."
)
READINGS: Final = (
    QUEUE_WAITING,
    QUEUE_OLDEST,
    QUEUE_LEASED,
    QUEUE_DELAYED,
    SPOOL_BYTES,
    SPOOL_FREE_BYTES,
    SPOOL_SIZE_BYTES,
    CERTIFICATE_END,
)

# Values of each reading by those of its labels.
Values = Mapping[Reading, Mapping[Sequence[str], float]]


class Readings:
    """A collector of prometheus_client over functions that give values; each is called once a scrape."""

    def __init__(self, *sources: Callable[[], Values]) -> None:
        self._sources = sources

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing: a registry would call the sources to ask for names."""
        return ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for source in self._sources:
            for reading, values in source().items():
                family = GaugeMetricFamily(reading.name, reading.help, labels=reading.labels)
                for labels, value in values.items():
                    family.add_metric(labels, value)
                yield family
