"""The pages of the organiser's desk."""

from bms.web.kit.pages import Pages
from bms.web.manage import (
    blocking,
    bookings,
    cancelling,
    change_event,
    events,
    giving,
    holders,
    new_event,
    overview,
    picture,
    refunding,
    reseating,
    reviews,
    seating,
    troubles,
    venues,
)
from bms.web.manage.plans import drawing, generating, importing, listing, plan_page, versions

PAGES: tuple[Pages, ...] = (
    events.pages,
    new_event.pages,
    overview.pages,
    change_event.pages,
    picture.pages,
    cancelling.pages,
    bookings.pages,
    refunding.pages,
    reseating.pages,
    giving.pages,
    seating.pages,
    blocking.pages,
    holders.pages,
    reviews.pages,
    troubles.pages,
    venues.pages,
    listing.pages,
    generating.pages,
    importing.pages,
    plan_page.pages,
    drawing.pages,
    versions.pages,
)
