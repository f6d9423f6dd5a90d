"""The admins' pages."""

from bms.web.admin import (
    account_actions,
    accounts,
    bookings,
    categories,
    configuration,
    log,
    mails,
    overview,
    payments,
    refunds,
    reviews,
    venues,
    work,
)
from bms.web.kit.pages import Pages

PAGES: tuple[Pages, ...] = (
    overview.pages,
    accounts.pages,
    account_actions.pages,
    bookings.pages,
    payments.pages,
    refunds.pages,
    mails.pages,
    reviews.pages,
    venues.pages,
    categories.pages,
    log.pages,
    work.pages,
    configuration.pages,
)
