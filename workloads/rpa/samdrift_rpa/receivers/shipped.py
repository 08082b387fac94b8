"""The receivers that processes may name without bringing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from samdrift_platform.contract import Receiver
from samdrift_rpa import settings
from samdrift_rpa.receivers.keyed_peer import AccessPointReceiver, ErpReceiver, UnsetReceiver


def _erp() -> Receiver:
    url = settings.ERP_URL.value()
    return ErpReceiver(url, timeout_s=settings.timeout_s()) if url else UnsetReceiver(settings.ERP_URL)


def _access_point() -> Receiver:
    url = settings.ACCESS_POINT_URL.value()
    if not url:
        return UnsetReceiver(settings.ACCESS_POINT_URL)
    return AccessPointReceiver(url, timeout_s=settings.timeout_s())


#: Name -> makes it, once a delivery process.
SHIPPED: Mapping[str, Callable[[], Receiver]] = {"erp": _erp, "access_point": _access_point}
