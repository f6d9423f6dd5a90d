"""What a process keeps of seating: the charts of plans, and the maps of events. All threads share it.

A chart is made by a process of its own, which a transaction must not wait for. A command that lacks one
raises ChartNeeded; its caller loads the chart and runs the command again.
"""

import threading
from collections import OrderedDict
from typing import NamedTuple

from bms.errors import Contested
from bms.seating.chart import Chart
from bms.seating.seat_map import SeatMap

MAX_CHARTS = 16  # a chart of 60,000 seats takes some 20 MB
MAX_MAPS = 64


class PlanVersion(NamedTuple):
    """A published version of a plan."""

    plan_id: int
    version: int


class ChartNeeded(Contested):
    """A transaction needs the chart of ``wanted``. Nothing was written; load it and run it again."""

    def __init__(self, wanted: PlanVersion) -> None:
        super().__init__()
        self.wanted = wanted


class ReleaseDue(Contested):
    """The accessible places of an event are to go to the general sale first. Nothing was written; release
    them and run it again.
    """

    def __init__(self, event_id: int) -> None:
        super().__init__()
        self.event_id = event_id


class _Kept(NamedTuple):
    wanted: PlanVersion
    opened: int
    seat_map: SeatMap


class SeatMaps:
    """The charts and maps that were used last."""

    def __init__(self, charts: int = MAX_CHARTS, maps: int = MAX_MAPS) -> None:
        self._limits = (charts, maps)
        self._lock = threading.Lock()
        self._charts: OrderedDict[PlanVersion, Chart] = OrderedDict()
        self._maps: OrderedDict[int, _Kept] = OrderedDict()

    def chart(self, wanted: PlanVersion) -> Chart:
        """Return the chart of a version. Raises ChartNeeded."""
        with self._lock:
            chart = self._charts.get(wanted)
            if chart is None:
                raise ChartNeeded(wanted)
            self._charts.move_to_end(wanted)
            return chart

    def keep_chart(self, wanted: PlanVersion, chart: Chart) -> None:
        """Keep the chart of a version."""
        with self._lock:
            self._charts[wanted] = chart
            while len(self._charts) > self._limits[0]:
                self._charts.popitem(last=False)

    def find(self, event_id: int, wanted: PlanVersion, opened: int) -> SeatMap | None:
        """Return the map of an event that has ``wanted`` since its change ``opened``, or None."""
        with self._lock:
            kept = self._maps.get(event_id)
            if kept is None or (kept.wanted, kept.opened) != (wanted, opened):
                return None
            self._maps.move_to_end(event_id)
            return kept.seat_map

    def keep(self, event_id: int, wanted: PlanVersion, opened: int, seat_map: SeatMap) -> None:
        """Keep the map of an event."""
        with self._lock:
            self._maps[event_id] = _Kept(wanted, opened, seat_map)
            while len(self._maps) > self._limits[1]:
                self._maps.popitem(last=False)

    def forget(self, event_id: int) -> None:
        """Forget the map of an event: it was wrong."""
        with self._lock:
            self._maps.pop(event_id, None)
