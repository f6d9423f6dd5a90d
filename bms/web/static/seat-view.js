// Where one looks on a drawing: pan, zoom and glide, by pointer and wheel. What is drawn is its owner's.

export const CHOOSE = 24; // pixels from seat to seat at which seats can be chosen: a tap below that zooms in
export const CLOSE = 34; // what it zooms to
const MOST = 80; // the nearest one comes

export const between = (low, value, high) => Math.max(low, Math.min(value, high));
const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));

export class View {
  // ``plan`` has a size and a pitch, how far its seats are apart. Whoever extends this draws in lookAround,
  // and has tapped(what, spot), pointed(what or null) and key(event, what).
  constructor(place, plan) {
    Object.assign(this, { place, plan, svg: place.querySelector("svg") });
    this.down = new Map(); // by pointer where it was last
  }

  begin() {
    this.fit();
    this.listen();
    new ResizeObserver(() => this.resize()).observe(this.place);
  }

  // Where we look: x and y are the middle, scale is pixels to the plan's unit.

  get isNear() { return this.scale * this.plan.pitch >= CHOOSE; }

  fit() {
    const [width, height] = this.plan.size;
    this.wide = this.place.clientWidth || 320;
    this.high = this.place.clientHeight || 320;
    this.whole = Math.min(this.wide / width, this.high / height) * 0.98;
    this.rest = null;
    this.look(width / 2, height / 2, this.whole);
  }

  resize() {
    const { x, y, scale, whole } = this;
    this.fit();
    if (scale > whole) this.look(x, y, scale);
  }

  // Look at a place: at once by moving what is drawn, and drawn anew when it has come to rest.
  look(x, y, scale) {
    const [width, height] = this.plan.size;
    this.scale = between(this.whole, scale, Math.max(this.whole, MOST / this.plan.pitch));
    const halfX = (this.halfX = this.wide / this.scale / 2), halfY = (this.halfY = this.high / this.scale / 2);
    this.x = halfX * 2 > width ? width / 2 : between(halfX, x, width - halfX);
    this.y = halfY * 2 > height ? height / 2 : between(halfY, y, height - halfY);
    if (this.rest) {
      const { x: restX, y: restY, scale: restScale } = this.rest;
      this.svg.parentNode.style.transform = `translate(${(restX - this.x) * this.scale}px, ${(restY - this.y) * this.scale}px) scale(${this.scale / restScale})`;
    } else this.settle();
    clearTimeout(this.later);
    this.later = setTimeout(() => this.settle(), 140);
  }

  // In steps, between which the browser draws. Not while a finger is down.
  async settle() {
    if (this.down.size) return;
    const { x, y, scale, halfX, halfY, svg } = this;
    this.rest = { x, y, scale };
    svg.parentNode.style.transform = "";
    svg.setAttribute("viewBox", `${x - halfX} ${y - halfY} ${halfX * 2} ${halfY * 2}`);
    await drawn();
    svg.classList.toggle("near", this.isNear);
    svg.classList.toggle("moved", this.scale > this.whole);
    await drawn();
    this.lookAround();
  }

  // How far a section is out of sight; less than 0: it is in sight.
  away({ box: [left, top, width, height] }) {
    return Math.max(Math.abs(left + width / 2 - this.x) - width / 2 - this.halfX, Math.abs(top + height / 2 - this.y) - height / 2 - this.halfY);
  }

  // Look at a place, in a glide unless that is unwelcome.
  glide(x, y, scale) {
    cancelAnimationFrame(this.gliding);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return this.look(x, y, scale);
    const from = [this.x, this.y, Math.log(this.scale)], to = [x, y, Math.log(scale)], start = performance.now();
    const step = (time) => {
      const t = between(0, (time - start) / 260, 1), part = 1 - (1 - t) ** 3;
      const [gx, gy, log] = from.map((value, i) => value + (to[i] - value) * part);
      this.look(gx, gy, Math.exp(log));
      if (t < 1) this.gliding = requestAnimationFrame(step);
    };
    this.gliding = requestAnimationFrame(step);
  }

  zoom(by, at = this) {
    const scale = between(this.whole, this.scale * by, MOST / this.plan.pitch), part = 1 - this.scale / scale;
    this.look(this.x + (at.x - this.x) * part, this.y + (at.y - this.y) * part, scale);
  }

  showAll() { this.glide(...this.plan.size.map((side) => side / 2), this.whole); }

  // Pointers: one moves, two zoom, a tap chooses or zooms in.
  listen() {
    const { down, svg } = this;
    let tap = null;
    const place = (event) => {
      const box = this.place.getBoundingClientRect();
      return { x: this.x + (event.clientX - box.left) / this.scale - this.halfX, y: this.y + (event.clientY - box.top) / this.scale - this.halfY };
    };
    const apart = (one, other) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    const meant = (event) => event.target.closest?.(".seat, .section")?.of ?? null;
    svg.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      cancelAnimationFrame(this.gliding);
      down.set(event.pointerId, event);
      tap = down.size === 1 ? event : null;
    });
    addEventListener("pointermove", (event) => {
      const before = down.get(event.pointerId);
      if (!before || (tap && apart(event, tap) < 8)) return;
      if (tap) svg.setPointerCapture(event.pointerId);
      tap = null;
      const other = [...down.values()].find((one) => one !== before);
      if (other) this.zoom(apart(event, other) / (apart(before, other) || 1), place(event));
      else this.look(this.x + (before.clientX - event.clientX) / this.scale, this.y + (before.clientY - event.clientY) / this.scale, this.scale);
      down.set(event.pointerId, event);
    });
    for (const name of ["pointerup", "pointercancel"])
      addEventListener(name, (event) => {
        if (!down.delete(event.pointerId)) return;
        if (tap && name === "pointerup") this.tapped(meant(event), place(event), event);
        else if (!down.size) this.look(this.x, this.y, this.scale);
        tap = null;
      });
    // A wheel scrolls the page until the map has the keyboard.
    svg.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !svg.contains(document.activeElement)) return;
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 400), place(event));
    }, { passive: false });
    svg.addEventListener("pointerover", (event) => down.size || this.pointed(meant(event)));
    svg.addEventListener("pointerleave", () => this.pointed(null));
    svg.addEventListener("focusin", (event) => this.pointed(meant(event)));
    svg.addEventListener("keydown", (event) => this.key(event, meant(event)));
  }
}
