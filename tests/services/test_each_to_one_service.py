"""Each route and each piece of background work belongs to one service, and a process has what it is told."""

import pkgutil
from collections import Counter
from dataclasses import replace
from importlib import import_module

import pytest
from aiohttp import web

from bms import handlers
from bms.app import PAGES, ROUTES, create_app
from bms.handlers import health, metrics
from bms.http import keys
from bms.mail.transports import FileTransport
from bms.payments.simulated.gateway import SimulatedGateway
from bms.resources import make_database
from bms.settings import Settings
from bms.tasks import housekeeping, runner
from bms.terms import Service

NOWHERE = "postgresql://nobody@localhost/none"  # nothing here asks the database
IN_EVERY_PROCESS = {"/health/live", "/health/ready", "/metrics"}


def of(settings: Settings, *services: Service) -> Settings:
    return replace(settings, services=frozenset(services))


def app_of(settings: Settings, *services: Service) -> web.Application:
    return create_app(of(settings, *services), NOWHERE)


def routes_of(app: web.Application) -> set[tuple[str, str]]:
    return {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource}


def test_every_module_of_handlers_with_routes_is_served() -> None:
    found = {
        module.name
        for module in pkgutil.walk_packages(handlers.__path__, f"{handlers.__name__}.")
        if hasattr(import_module(module.name), "routes")
    }
    assert found == {module.__name__ for module in (*ROUTES, *PAGES)}


def test_only_what_operators_ask_is_in_every_process() -> None:
    assert [module for module in (*ROUTES, *PAGES) if module.routes.service is None] == [health, metrics]


def test_each_route_belongs_to_one_service(settings: Settings) -> None:
    owners = Counter(route for service in Service for route in routes_of(app_of(settings, service)))
    whole = routes_of(app_of(settings, *Service))
    assert owners.keys() == whole
    shared = {path.removeprefix("/api").rstrip("/") for (_, path), times in owners.items() if times > 1}
    assert shared == IN_EVERY_PROCESS
    assert {times for times in owners.values() if times > 1} == {len(Service)}


@pytest.mark.parametrize("service", Service)
def test_no_service_is_without_routes(settings: Settings, service: Service) -> None:
    paths = {path.removeprefix("/api").rstrip("/") for _, path in routes_of(app_of(settings, service))}
    assert paths - IN_EVERY_PROCESS


async def test_no_path_is_shared_by_two_services(settings: Settings) -> None:
    # A proxy tells them apart by the path alone.
    owners = {
        service: {path for _, path in routes_of(app_of(settings, service))} - {"/"} for service in Service
    }
    for service, paths in owners.items():
        for other in set(Service) - {service}:
            common = {path.removeprefix("/api").rstrip("/") for path in paths & owners[other]}
            assert common <= IN_EVERY_PROCESS, (service, other)


@pytest.mark.parametrize("older", [False, True])
def test_the_description_is_of_the_whole_api(settings: Settings, older: bool) -> None:
    whole, part = app_of(settings, *Service), app_of(settings, Service.SITE)
    assert part[keys.DESCRIPTION](older).body == whole[keys.DESCRIPTION](older).body


def test_each_task_belongs_to_one_service(settings: Settings) -> None:
    database = make_database(settings, NOWHERE)
    transport, gateway = FileTransport(settings.mail_dir), SimulatedGateway(settings.data_dir / "books")

    def tasks_of(*services: Service) -> list[str]:
        return [
            task.name for task in runner.list_tasks(database, transport, gateway, of(settings, *services))
        ]

    owners = Counter(name for service in Service for name in tasks_of(service))
    assert sorted(owners) == sorted(tasks_of(*Service))
    assert [name for name, times in owners.items() if times > 1] == ["housekeeping"]


def test_each_chore_belongs_to_one_service(settings: Settings) -> None:
    database = make_database(settings, NOWHERE)
    (settings.data_dir / "gateway.sqlite3").touch()

    def chores_of(*services: Service) -> list[str]:
        return [chore.name for chore in housekeeping._chores(database, of(settings, *services))]

    apart = [name for service in Service for name in chores_of(service)]
    assert sorted(apart) == sorted(chores_of(*Service))
    assert len(apart) == len(set(apart))


@pytest.mark.parametrize("service", Service)
async def test_mail_is_sent_by_the_service_of_notifications(
    settings: Settings, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending = []

    class Senders:
        def __init__(self, *_: object, **__: object) -> None:
            sending.append(service)

        async def run(self, *_: object) -> None:
            pass

    monkeypatch.setattr(runner, "Senders", Senders)
    monkeypatch.setattr(runner, "list_tasks", lambda *_: ())
    gateway = SimulatedGateway(settings.data_dir / "books")
    transport = FileTransport(settings.mail_dir)
    async with runner.background(make_database(settings, NOWHERE), transport, gateway, of(settings, service)):
        pass
    assert sending == ([service] if service is Service.NOTIFICATIONS else [])
