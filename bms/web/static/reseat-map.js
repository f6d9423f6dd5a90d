// The map of seats to move people to: which are free, which are this booking's, which somebody else has.

import { SeatMap } from "./seat-map.js";
import { Plan } from "./seat-plan.js";

const SOLD = 2;

export class Seats extends Plan {
  isSold(seat) { return this.states[seat.no] === SOLD; }
}

export class ReseatMap extends SeatMap {
  // ``on`` has isOwn(seat) too: a ticket of the booking is for it now.
  showSeat(seat) {
    super.showSeat(seat);
    const cell = this.items.get(seat);
    if (!cell) return;
    cell.classList.toggle("own", this.on.isOwn(seat));
    // A seat that somebody has can be exchanged. One that is held or blocked cannot.
    const isSold = this.plan.isSold(seat) && !this.on.isChosen(seat);
    cell.classList.toggle("sold", isSold);
    if (isSold) cell.setAttribute("aria-disabled", false);
  }
}
