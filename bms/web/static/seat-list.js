// The list of free seats, of equal rank with the map: a section opens to its rows, a row to its seats.

const make = (parent, name, text = "") => {
  const one = document.createElement(name);
  one.textContent = text;
  parent.append(one);
  return one;
};

export class SeatList {
  constructor(place, plan, row, on) {
    Object.assign(this, { plan, row, on });
    this.buttons = new Map(); // by seat
    this.titles = new Map(); // by section
    for (const section of plan.sections) {
      const box = make(place, "details");
      this.titles.set(section, make(box, "summary"));
      box.addEventListener("toggle", () => this.open(section, box), { once: true });
      box.open = plan.sections.length === 1;
    }
    this.update();
  }

  async open(section, box) {
    await this.plan.open(section);
    const rows = make(box, "div");
    rows.className = "ticks";
    for (const seats of section.lines) {
      const line = make(rows, "fieldset");
      make(line, "legend", this.row.replace("{row}", seats[0].row));
      for (const seat of seats) {
        const button = make(line, "button", seat.number);
        button.type = "button";
        button.className = "quiet";
        button.addEventListener("click", () => this.on.pick(seat));
        this.buttons.set(seat, button);
        this.show(seat);
      }
      await new Promise((done) => setTimeout(done)); // so that the page stays quick
    }
  }

  // A seat that is taken is not listed. One that has the focus stays.
  show(seat) {
    const button = this.buttons.get(seat), isChosen = this.on.isChosen(seat);
    if (!button) return;
    button.hidden = !isChosen && !this.plan.isFree(seat) && button !== document.activeElement;
    button.ariaPressed = isChosen;
    button.ariaLabel = this.on.name(seat);
    button.parentNode.hidden = !button.parentNode.querySelector("button:not([hidden])");
  }

  update(numbers = [...this.buttons.keys()].map((seat) => seat.no)) {
    for (const no of numbers) this.show(this.plan.seats.get(no));
    for (const [section, title] of this.titles) title.textContent = this.on.about(section, this.plan.freeIn(section));
  }
}
