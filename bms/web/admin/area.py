"""The area of the admins' pages. For everybody else there is nothing here: 404, where the desk says 403."""

from dataclasses import dataclass

from bms.errors import NotFound
from bms.i18n.languages import marked
from bms.terms import Right
from bms.web.kit.office import Area, Section
from bms.web.kit.visit import Visit


@dataclass(frozen=True, slots=True)
class HiddenArea(Area):
    """An area of which nobody learns who may not enter."""

    def check(self, visit: Visit) -> None:
        """Raise SignInFirst for a stranger or a guest, and NotFound for whoever lacks the right."""
        if not visit.require_account().caller.may(self.right):
            raise NotFound()


ADMIN = HiddenArea(
    title=marked("Administration"),
    path="/admin",
    right=Right.USERS_MANAGE,
    sections=(
        Section("/admin", marked("Overview")),
        Section("/admin/accounts", marked("Accounts")),
        Section("/admin/bookings", marked("Bookings")),
        Section("/admin/payments", marked("Payments")),
        Section("/admin/refunds", marked("Refunds given up")),
        Section("/admin/mail", marked("Mail")),
        Section("/admin/reviews", marked("Reported reviews")),
        Section("/admin/venues", marked("Venues")),
        Section("/admin/categories", marked("Categories")),
        Section("/admin/log", marked("Audit log")),
        Section("/admin/work", marked("Background work")),
        Section("/admin/settings", marked("Settings")),
    ),
)
