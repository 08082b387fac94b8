"""DMI and Energi Data Service on the loopback address: they answer in the recorded shapes, and misbehave as told."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

DENMARK = ZoneInfo("Europe/Copenhagen")
#: The day-ahead market went over to quarter hours here; Elspotprices ends.
QUARTERS_FROM = datetime(2025, 9, 30, 22, tzinfo=UTC)
KNOWN_PARAMETERS = {"temperature-2m", "wind-speed-10m", "global-radiation-flux", "fraction-of-cloud-cover"}


class Act(StrEnum):
    """What the next call comes to."""

    OK = "ok"
    TOO_OFTEN = "429"
    #: 429 that says how many seconds to wait.
    TOO_OFTEN_RETRY_AFTER = "429 with Retry-After"
    TOO_OFTEN_FOR_LONG = "429 for two minutes"
    BROKEN = "503"
    #: Promises more bytes than it sends.
    CUT = "cut"
    #: Answers in time, but half a JSON document.
    HALF = "half"
    #: Says nothing until the server ends.
    SILENT = "silent"
    #: Another thing than JSON's object.
    LIST = "list"


RETRY_AFTER: dict[Act, dict[str, str]] = {
    Act.TOO_OFTEN: {},
    Act.TOO_OFTEN_RETRY_AFTER: {"Retry-After": "7"},
    Act.TOO_OFTEN_FOR_LONG: {"Retry-After": "120"},
}


@dataclass
class Outside:
    """What the services know and do; a test may change all of it while they run."""

    url: str = ""
    script: list[Act] = field(default_factory=list)
    #: Path and parameters of every call, in order.
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    #: Prices from here on are not published.
    published_until: datetime = datetime(2100, 1, 1, tzinfo=UTC)
    #: DKK/MWh of DK2 at an instant; DK1 is 1,000 dearer.
    price: Callable[[datetime], float | None] = lambda at: 500.0 + 10.0 * at.hour + at.minute / 15
    co2: Callable[[datetime], float | None] = lambda at: 100.0 + at.hour
    kelvin: Callable[[datetime], float | None] = lambda at: 275.15 + at.hour / 10
    #: Radiation in W/m2 at an instant; DMI tells its sum since the run began in J/m2.
    sun: Callable[[datetime], float] = lambda at: max(0.0, 300 * math.sin((at.hour - 6) / 12 * math.pi))
    #: First instant of the forecast, its number of hourly instants, and instants that are left out.
    run: datetime = datetime(2026, 1, 26, 6, tzinfo=UTC)
    instants: int = 61
    left_out: set[datetime] = field(default_factory=set)
    parameters: set[str] = field(default_factory=lambda: set(KNOWN_PARAMETERS))
    #: Longitude, latitude and what a station measures.
    stations: dict[str, tuple[float, float, set[str]]] = field(
        default_factory=lambda: {
            "06180": (12.65, 55.61, {"temp_mean_past1h", "radia_glob_past1h"}),
            "06188": (12.40, 55.76, {"temp_mean_past1h"}),
            "06060": (9.11, 56.29, {"temp_mean_past1h", "radia_glob_past1h"}),
        }
    )
    ended: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    def next_act(self, path: str, parameters: dict[str, str]) -> Act:
        with self._lock:
            self.calls.append((path, parameters))
            return self.script.pop(0) if self.script else Act.OK


@contextmanager
def running_outside(**given: Any) -> Iterator[Outside]:
    """Both services on one port until the block ends."""
    handler: type[_Handler] = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    outside = handler.outside = Outside(url=f"http://127.0.0.1:{server.server_address[1]}", **given)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield outside
    finally:
        outside.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    outside: Outside

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        parameters = {name: values[0] for name, values in parse_qs(parts.query).items()}
        act = self.outside.next_act(parts.path, parameters)
        if act is Act.SILENT:
            self.outside.ended.wait()
        elif act in RETRY_AFTER:
            wait = RETRY_AFTER[act]
            self._send(429, b'{"message": "Server is busy"}', wait)
        elif act is Act.BROKEN:
            self._send(503, b"maintenance", {})
        else:
            status, answer = _answer(self.outside, parts.path, parameters)
            body = json.dumps([answer] if act is Act.LIST else answer).encode()
            self._send(status, body[: len(body) // 2] if act is Act.HALF else body, {}, cut=act is Act.CUT)

    def _send(self, status: int, body: bytes, headers: dict[str, str], *, cut: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body) + (1000 if cut else 0)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Quiet."""


def _answer(outside: Outside, path: str, parameters: dict[str, str]) -> tuple[int, dict[str, Any]]:
    if path.startswith("/dataset/"):
        return 200, _dataset(outside, path.rpartition("/")[2], parameters)
    if path == "/v1/forecastedr/collections/harmonie_dini_sf/position":
        return _coverage(outside, parameters)
    if path == "/v2/metObs/collections/observation/items":
        return 200, _observations(outside, parameters)
    return 404, {"message": "no such thing"}


def _dataset(outside: Outside, name: str, parameters: dict[str, str]) -> dict[str, Any]:
    """As the API guide says: start and end are Danish time, 100 records unless a limit is given, 0 is all."""
    start, end = (_danish(parameters[part]) for part in ("start", "end"))
    records = [record for record in _records(outside, name, start, end) if record["PriceArea"] in parameters["filter"]]
    limit = int(parameters.get("limit", "100"))
    wanted = parameters["columns"].split(",")
    chosen = [{key: record[key] for key in wanted} for record in (records[:limit] if limit else records)]
    return {"total": len(records), "filters": parameters["filter"], "limit": limit, "dataset": name, "records": chosen}


def _danish(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=DENMARK).astimezone(UTC)


def _records(outside: Outside, name: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
    minutes = {"Elspotprices": 60, "DayAheadPrices": 15, "CO2Emis": 5, "CO2EmisProg": 5}[name]
    at = start
    while at < end:
        for area in ("DK1", "DK2"):
            yield from _record(outside, name, area, at)
        at += timedelta(minutes=minutes)


def _record(outside: Outside, name: str, area: str, at: datetime) -> Iterator[dict[str, Any]]:
    utc, danish = at.strftime("%Y-%m-%dT%H:%M:%S"), at.astimezone(DENMARK).strftime("%Y-%m-%dT%H:%M:%S")
    shift = 1000.0 if area == "DK1" else 0.0
    if name in ("CO2Emis", "CO2EmisProg"):
        gram = outside.co2(at)
        if gram is not None:
            yield {"Minutes5UTC": utc, "Minutes5DK": danish, "PriceArea": area, "CO2Emission": gram + shift / 10}
        return
    is_quarters = name == "DayAheadPrices"
    price = outside.price(at)
    if at >= outside.published_until or is_quarters != (at >= QUARTERS_FROM):
        return
    dkk = None if price is None else price + shift
    stamp, value = ("Time", "DayAheadPrice") if is_quarters else ("Hour", "SpotPrice")
    yield {f"{stamp}UTC": utc, f"{stamp}DK": danish, "PriceArea": area, f"{value}EUR": None, f"{value}DKK": dkk}


def _coverage(outside: Outside, parameters: dict[str, str]) -> tuple[int, dict[str, Any]]:
    names = parameters["parameter-name"].split(",")
    unknown = [name for name in names if name not in outside.parameters]
    if unknown:
        return 400, {"message": f"parameter-name {unknown[0]} is not known"}
    longitude, latitude = parameters["coords"].removeprefix("POINT(").removesuffix(")").split()
    every = [outside.run + timedelta(hours=step) for step in range(outside.instants)]
    kept = [at for at in every if at not in outside.left_out]
    values: dict[str, Sequence[float | None]] = {
        "temperature-2m": [outside.kelvin(at) for at in kept],
        "global-radiation-flux": [_sum(outside, at) for at in kept],
        "downward-short-wave-radiation-flux": [outside.sun(at) for at in kept],
        "downward-short-wave-radiation-flux-instant": [outside.sun(at) for at in kept],
    }
    axes: dict[str, Any] = {"t": {"values": [at.strftime("%Y-%m-%dT%H:%M:%SZ") for at in kept]}}
    axes |= {"x": {"values": [float(longitude)]}, "y": {"values": [float(latitude)]}}
    ranges = {name: {"type": "NdArray", "values": values[name]} for name in names}
    domain = {"type": "Domain", "domainType": "PointSeries", "axes": axes}
    return 200, {"type": "Coverage", "domain": domain, "ranges": ranges}


def _sum(outside: Outside, at: datetime) -> float:
    """J/m2 since the run began: an hour counts with the mean of its two ends."""
    count = int((at - outside.run).total_seconds() // 3600)
    ends = [outside.sun(outside.run + timedelta(hours=step)) for step in range(count + 1)]
    return sum(1800.0 * (before + after) for before, after in pairwise(ends))


def _observations(outside: Outside, parameters: dict[str, str]) -> dict[str, Any]:
    parameter = parameters["parameterId"]
    first, last = (datetime.fromisoformat(part) for part in parameters["datetime"].split("/"))
    west, south, east, north = map(float, parameters.get("bbox", "-180,-90,180,90").split(","))
    features = [
        _feature(outside, station, longitude, latitude, parameter, first + timedelta(hours=hour))
        for station, (longitude, latitude, measured) in outside.stations.items()
        if parameter in measured and west <= longitude <= east and south <= latitude <= north
        if parameters.get("stationId", station) == station
        for hour in range(int((last - first).total_seconds() // 3600) + 1)
        if first + timedelta(hours=hour) not in outside.left_out
    ]
    return {"type": "FeatureCollection", "features": features, "numberReturned": len(features)}


def _feature(
    outside: Outside, station: str, longitude: float, latitude: float, parameter: str, observed: datetime
) -> dict[str, Any]:
    kelvin = outside.kelvin(observed)
    celsius = None if kelvin is None else kelvin - 273.15 + longitude
    value = celsius if parameter == "temp_mean_past1h" else outside.sun(observed)
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [longitude, latitude]},
        "properties": {
            "observed": observed.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "parameterId": parameter,
            "stationId": station,
            "value": value,
        },
    }
