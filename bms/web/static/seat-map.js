// The map: draws a plan as SVG, and says which seat is meant. It chooses nothing itself.

import { boxOf, make, pause, shapeOf, shapesOf } from "./seat-shapes.js";
import { between, CLOSE, View } from "./seat-view.js";

const FARTHEST = 9; // below it there are sections alone
const DRAWN = 4000; // seats that stay drawn; those out of sight go first
const COLOURS = 8; // that categories are told apart by
const [LEAST, MOST] = [14, 28]; // pixels: how large words of the ground are
const SLICE = 6; // milliseconds of drawing before the browser may do something else

export class SeatMap extends View {
  // ``on`` has pick(seat, event), point(seat, section or null), name(seat), about(section, free), isChosen(seat).
  constructor(place, plan, on) {
    super(place, plan);
    this.on = on;
    [this.ground, this.outlines, this.grid] = this.svg.children;
    // By seat or section its element, by section that of its seats.
    [this.items, this.groups] = [new Map(), new Map()];
    this.queue = Promise.resolve();
    this.shapes = shapesOf(plan.pitch / 25);
    this.svg.style.setProperty("--unit", plan.pitch / 25);
    plan.categories.forEach(([, colour], i) => colour && document.body.style.setProperty(`--c${i % COLOURS}`, colour));
    this.svg.classList.toggle("all", plan.whole);
    this.drawGround();
    this.drawOutlines();
    this.begin();
  }

  pointed(one) { this.on.point(one); }

  drawGround() {
    // Of each thing beyond its edge the browser keeps where it can be touched, and joins these in every frame.
    // What lies on a floor is joined with it at once.
    const [width, height] = this.plan.size, edge = this.plan.pitch * 2;
    make(this.ground, "rect", { x: -edge, y: -edge, width: width + 2 * edge, height: height + 2 * edge, class: "floor" });
    for (const area of this.plan.areas) {
      const group = make(this.ground, "g", { transform: area.turn ?? "" });
      const path = make(group, "path", { d: area.d, class: area.sells === undefined ? "area" : "area sells" });
      if (area.fill) path.setAttribute("fill", area.fill);
      if (area.line) path.setAttribute("stroke", area.line);
      const box = path.getBBox(), name = this.plan.categories[area.sells]?.[0];
      const at = area.text ? area : { x: box.x + box.width / 2, y: box.y + box.height / 2, size: Math.min(300, box.height / 2) };
      make(group, "text", { x: at.x, y: at.y, "font-size": at.size, class: "word" }, area.text ?? name).size = at.size;
    }
  }

  drawOutlines() {
    const area = ({ box }) => box[2] * box[3];
    for (const section of [...this.plan.sections].sort((a, b) => area(b) - area(a))) {
      const group = make(this.outlines, "g", { role: "button", tabindex: -1 });
      group.of = section;
      const [most] = section.categories.reduce((a, b) => (b[1] > a[1] ? b : a));
      make(group, "polygon", { points: section.points, class: `c${most % COLOURS}` });
      const [left, top, width, height] = section.box, { whole, pitch } = this.plan;
      const size = whole ? pitch * 1.5 : Math.min((width * 1.5) / Math.max(4, section.name.length), height / 3, 900);
      const y = whole ? top - size * 0.5 : top + height / 2;
      make(group, "text", { x: left + width / 2, y, "font-size": size, class: "word" }, section.name).size = size;
      this.items.set(section, group);
      this.showSection(section);
    }
    if (!this.plan.whole) this.setCurrent(this.plan.sections[0]);
  }

  showSection(section) {
    const group = this.items.get(section), free = this.plan.freeIn(section);
    if (group.free === free) return;
    const share = (group.free = free) / section.seats;
    group.setAttribute("class", `section ${group.classList.contains("open") ? "open" : ""} ${!free ? "gone" : share > 0.5 ? "many" : share > 0.15 ? "some" : "few"}`);
    group.setAttribute("aria-label", this.on.about(section, free));
  }

  // Draw the seats of a section, a slice at a time.
  drawSeats(section) {
    if (this.groups.has(section)) return;
    const group = make(this.grid, "g", { role: "rowgroup", "aria-label": section.name });
    this.groups.set(section, group);
    this.queue = this.queue.then(() => this.fillIn(section, group)).catch(() => this.forget(section));
  }

  async fillIn(section, group) {
    await this.plan.open(section);
    const { pitch } = this.plan;
    let since = performance.now();
    for (const row of section.lines) {
      const line = (row.line = make(group, "g", { role: "row" }));
      row.box = boxOf(row);
      const a = row[0], b = row.at(-1), far = Math.hypot(b.x - a.x, b.y - a.y) || 1;
      const dx = ((b.x - a.x) / far) * pitch, dy = ((b.y - a.y) / far) * pitch;
      for (const [x, y] of [[a.x - (dx || pitch), a.y - dy], [b.x + (dx || pitch), b.y + dy]])
        make(line, "text", { class: "row-name", "aria-hidden": true, "font-size": pitch / 2, x, y }, a.row);
      for (const seat of row) {
        const cell = make(line, "path", { role: "gridcell", tabindex: -1 });
        cell.of = seat;
        this.items.set(seat, cell);
        this.showSeat(seat);
      }
      if (performance.now() - since > SLICE) {
        await pause();
        since = performance.now();
      }
    }
    group.ready = true;
    this.cover(section, true);
    if (!this.current) this.setCurrent(section.lines[0][section.lines[0].length >> 1]);
    await this.number();
  }

  // While its seats are there to choose, a section itself is not.
  cover(section, isOpen) {
    const group = this.items.get(section);
    group.classList.toggle("open", isOpen);
    group.setAttribute("aria-hidden", isOpen);
  }

  showSeat(seat) {
    const cell = this.items.get(seat);
    if (!cell) return;
    const chosen = this.on.isChosen(seat), look = chosen ? "chosen" : this.plan.isFree(seat) ? shapeOf(seat) : "taken";
    cell.setAttribute("aria-label", this.on.name(seat));
    if (cell.look === look) return;
    // No transform: with one each, the browser would sort a thousand layers in every frame.
    cell.setAttribute("d", `M${seat.x} ${seat.y}${this.shapes[(cell.look = look)]}`);
    cell.setAttribute("class", `seat ${look} c${seat.category % COLOURS}`);
    cell.setAttribute("aria-selected", chosen);
    cell.setAttribute("aria-disabled", look === "taken");
    if (cell.number) cell.number.classList.toggle("hidden", look !== "free");
  }

  // Numbers in the seats of the rows in sight, once they are large enough to be read.
  async number() {
    let since = performance.now();
    for (const [section, { ready }] of this.groups)
      for (const row of ready ? section.lines : []) {
        const isSeen = this.isNear && this.away(row) < 0;
        if (isSeen === !!row.numbers || !row.line.isConnected) continue;
        if (isSeen) row.numbers = make(row.line, "g", { class: "numbers", "aria-hidden": true, "font-size": this.plan.pitch * 0.38 });
        else row.numbers = row.numbers.remove();
        for (const seat of row) {
          const cell = this.items.get(seat);
          cell.number = isSeen && make(row.numbers, "text", { x: seat.x, y: seat.y, class: cell.look === "free" ? "" : "hidden" }, seat.number);
        }
        if (performance.now() - since > SLICE) {
          await pause();
          since = performance.now();
        }
      }
  }

  forget(section) {
    for (const row of section.lines ?? []) {
      row.numbers = null;
      for (const seat of row) this.items.delete(seat);
    }
    this.groups.get(section).remove();
    this.groups.delete(section);
    this.cover(section, false);
  }

  // From afar a section is one thing again, with the keyboard where it was.
  fold(section) {
    if (this.current.section === section) this.setCurrent(section, this.svg.contains(document.activeElement));
    this.forget(section);
  }

  // Show states that have changed, any of them if not said.
  update(numbers = [...this.plan.seats.keys()]) {
    for (const no of numbers) this.showSeat(this.plan.seats.get(no));
    for (const section of this.plan.sections) this.showSection(section);
  }

  // Draw what has come into sight, and forget what is far out of it.
  lookAround() {
    const isFine = this.scale * this.plan.pitch > FARTHEST;
    for (const section of this.plan.sections) if (this.plan.whole || (isFine && this.away(section) < 0)) this.drawSeats(section);
    if (!isFine && !this.plan.whole) for (const [section, { ready }] of this.groups) if (ready) this.fold(section);
    this.queue = this.queue.then(() => this.number());
    for (const text of this.ground.querySelectorAll("text")) text.setAttribute("font-size", between(LEAST / this.scale, text.size, MOST / this.scale));
    for (const text of this.outlines.querySelectorAll("text")) text.classList.toggle("hidden", text.size * this.scale < 9);
    let seats = 0;
    for (const [section, group] of [...this.groups].sort(([a], [b]) => this.away(a) - this.away(b))) {
      seats += section.seats;
      if (seats > DRAWN && group.ready && this.away(section) > 0 && this.current.section !== section) this.forget(section);
    }
  }

  // Bring seats, or a section, into sight.
  show(seats, box) {
    const [x, y, width, height] = box ?? boxOf(seats), room = this.plan.pitch * 3;
    const scale = Math.min(this.wide / (width + room), this.high / (height + room), CLOSE / this.plan.pitch);
    this.glide(x + width / 2, y + height / 2, Math.max(scale, (FARTHEST + 1) / this.plan.pitch));
  }

  tapped(one, spot, event) {
    if (one?.box) return this.show([], one.box);
    if (!this.isNear) return this.glide(spot.x, spot.y, CLOSE / this.plan.pitch);
    const seat = one ?? this.nearest((other) => Math.hypot(other.x - spot.x, other.y - spot.y), this.plan.pitch * 0.6);
    if (!seat) return;
    this.setCurrent(seat, true);
    this.on.pick(seat, event);
  }

  // Keys: one place in the order of tabs, arrows by where things are.

  setCurrent(one, withFocus) {
    this.items.get(this.current)?.setAttribute("tabindex", -1);
    this.current = one;
    this.items.get(one).setAttribute("tabindex", 0);
    if (withFocus) this.items.get(one).focus({ preventScroll: true });
  }

  key(event, current) {
    const { key } = event, seat = current?.section && current;
    if (!current || event.altKey || event.ctrlKey || event.metaKey) return;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    const row = seat && seat.section.lines.find((seats) => seats.includes(seat));
    if (way) this.move(this.beside(current, ...way));
    else if (key === "Enter" || key === " ") seat ? this.on.pick(seat, event) : this.enter(current);
    else if (seat && key === "Home") this.move(row[0]);
    else if (seat && key === "End") this.move(row.at(-1));
    else if (key === "+" || key === "-") this.zoom(key === "+" ? 1.4 : 1 / 1.4, seat || this);
    else if (seat && key === "Escape" && !this.plan.whole) this.leave(seat.section);
    else return;
    event.preventDefault();
  }

  async enter(section) {
    this.show([], section.box);
    this.drawSeats(section);
    await this.queue;
    const seats = section.lines?.flat() ?? [];
    this.move(seats.find((seat) => this.plan.isFree(seat)) ?? seats[0]);
  }

  leave(section) {
    this.showAll();
    this.cover(section, false);
    this.setCurrent(section, true);
  }

  move(one) {
    if (!one) return;
    this.setCurrent(one, true);
    if (one.box) return;
    const scale = Math.max(this.scale, CLOSE / this.plan.pitch), edge = this.plan.pitch * 2;
    const isOut = Math.abs(one.x - this.x) > this.wide / scale / 2 - edge || Math.abs(one.y - this.y) > this.high / scale / 2 - edge;
    if (isOut || scale !== this.scale) this.look(one.x, one.y, scale);
  }

  nearest(distance, least = Infinity, isSeat = true) {
    let best = null;
    for (const one of this.items.keys()) {
      const far = !one.section === isSeat ? Infinity : distance(one);
      if (far < least) [best, least] = [one, far];
    }
    return best;
  }

  beside(from, dx, dy) {
    const middle = ({ box, x, y }) => (box ? [box[0] + box[2] / 2, box[1] + box[3] / 2] : [x, y]);
    const [x, y] = middle(from);
    return this.nearest((one) => {
      const [ox, oy] = middle(one), along = (ox - x) * dx + (oy - y) * dy, aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
      // What is more aside than ahead is another arrow's.
      return along > 1 && aside <= along * 2 ? along + aside * 2 : Infinity;
    }, Infinity, !from.box);
  }
}
