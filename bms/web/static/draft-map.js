// The map of a draft: shows what is chosen, aisles, faults, what is removed, and what people look at.

import { SeatMap } from "./seat-map.js";
import { Sheet } from "./seat-sheet.js";
import { make, shapeOf } from "./seat-shapes.js";

export class Draft extends Sheet {
  unfold(section, rows) {
    super.unfold(section, rows);
    section.lines.forEach((line, at) => {
      rows[at].g.forEach((i) => (line[i].gap = true));
      for (const seat of line) seat.label = [section.name, seat.row, seat.number];
    });
  }

  isFree(seat) { return !seat.gone; }

  freeIn(section) { return section.seats; }

  sectionOf(no) {
    return this.sections.find(({ numbers }) => numbers.some((first, i) => i % 2 === 0 && first <= no && no <= numbers[i + 1]));
  }

  lineOf(seat) { return seat.section.lines.find((line) => line.includes(seat)); }
}

export class DraftMap extends SeatMap {
  // ``on`` has isFaulty(seat), spot(place) and section(section) too, which say whether a tap is theirs.
  drawGround() {
    super.drawGround();
    this.focus = make(this.ground, "path", { class: "focus" });
    this.showFocus();
  }

  showFocus() {
    const [x, y] = this.plan.focus, far = this.plan.pitch;
    this.focus.setAttribute("d", `M${x - far} ${y}h${2 * far}M${x} ${y - far}v${2 * far}M${x - far * 0.6} ${y}a${far * 0.6} ${far * 0.6} 0 1 0 ${far * 1.2} 0a${far * 0.6} ${far * 0.6} 0 1 0 ${-far * 1.2} 0`);
  }

  showSeat(seat) {
    const cell = this.items.get(seat);
    if (!cell) return;
    const isChosen = this.on.isChosen(seat), look = seat.gone ? "taken" : shapeOf(seat);
    cell.look = look;
    cell.setAttribute("aria-label", this.on.name(seat));
    cell.setAttribute("aria-selected", isChosen);
    cell.setAttribute("d", `M${seat.x} ${seat.y}${this.shapes[look]}${seat.gap && !seat.gone ? this.aisle(seat) : ""}`);
    cell.setAttribute("class", `seat ${look} c${seat.category % 8}${isChosen ? " picked" : ""}${this.on.isFaulty(seat) ? " wrong" : ""}`);
    if (cell.number) cell.number.textContent = look === "free" ? seat.number : "";
  }

  // A bar half way to the next seat.
  aisle(seat) {
    const line = this.plan.lineOf(seat), next = line[line.indexOf(seat) + 1], { pitch } = this.plan;
    const x = next ? (seat.x + next.x) / 2 : seat.x + pitch / 2, y = next ? (seat.y + next.y) / 2 : seat.y;
    return `M${x - pitch * 0.06} ${y - pitch * 0.5}h${pitch * 0.12}v${pitch}h${-pitch * 0.12}z`;
  }

  tapped(one, spot, event) {
    if (this.on.spot(spot) || (one?.box && this.on.section(one))) return;
    super.tapped(one, spot, event);
  }

  // Shift and an arrow choose on the way.
  key(event, current) {
    if ((event.key === "Enter" || event.key === " ") && current?.box && this.on.section(current)) return event.preventDefault();
    super.key(event, current);
    if (event.shiftKey && event.key.startsWith("Arrow") && this.current.section) this.on.extend(current, this.current);
  }
}
