// Changes of a draft that are not saved yet: what each does on the map, and how it is sent.

const KINDS = ["wheelchair", "companion", "semi_ambulatory", "lift_up_armrest", "hearing_loop", "sign_language", "plus_size", "restricted_view"];
const PARTS = ["category", "kinds", "gap", "gone", "number", "row"];

// Ascending numbers as [first, last, first, last, ...].
export const runsOf = (seats) => {
  const runs = [];
  for (const no of seats.map((seat) => seat.no).sort((a, b) => a - b)) {
    if (runs.at(-1) === no - 1) runs[runs.length - 1] = no;
    else runs.push(no, no);
  }
  return runs;
};

const linesOf = (plan, seats) => {
  const lines = new Map();
  for (const seat of [...seats].sort((a, b) => a.no - b.no)) {
    const line = plan.lineOf(seat);
    lines.set(line, [...(lines.get(line) ?? []), seat]);
  }
  return lines;
};

const WORK = {
  category: (plan, { seats, name }) => seats.forEach((seat) => (seat.category = plan.categories.findIndex(([one]) => one === name))),
  kind: (plan, { seats, kind }) => seats.forEach((seat) => (seat.kinds = (seat.kinds & ~(kind === "wheelchair" ? 2 : kind === "companion" ? 1 : 0)) | (1 << KINDS.indexOf(kind)))),
  plain: (plan, { seats }) => seats.forEach((seat) => (seat.kinds = 0)),
  aisle: (plan, { seats }) => seats.forEach((seat) => (seat.gap = true)),
  no_aisle: (plan, { seats }) => seats.forEach((seat) => (seat.gap = false)),
  remove(plan, { seats }) {
    seats.forEach((seat) => (seat.gone = true));
    for (const line of linesOf(plan, seats).keys()) line.forEach((seat, i) => (seat.gap ||= !seat.gone && !!line[i + 1]?.gone && line.slice(i + 1).some((one) => !one.gone)));
  },
  number: (plan, { seats, first, step }) => linesOf(plan, seats).forEach((line) => line.forEach((seat, i) => (seat.number = String(first + i * step)))),
  row: (plan, { seats, name }) => [...linesOf(plan, seats).keys()].forEach((line) => line.forEach((seat) => (seat.row = name))),
  focus: (plan, { x, y }) => (plan.focus = [x * 10, y * 10]),
};

export class Edits {
  // ``kept`` is where they are stored, so that nothing is lost.
  constructor(plan, kept) {
    Object.assign(this, { plan, kept, list: [] });
  }

  // Do an edit on the map. Returns the seats that may look otherwise.
  add(edit) {
    const { plan } = this, seats = [...new Set((edit.seats ?? []).flatMap((seat) => plan.lineOf(seat)))];
    const before = seats.map((seat) => PARTS.map((part) => seat[part])), { focus } = plan;
    WORK[edit.do](plan, edit);
    this.list.push({ edit, undo: () => (seats.forEach((seat, i) => PARTS.forEach((part, at) => (seat[part] = before[i][at]))), (plan.focus = focus), seats) });
    this.keep();
    return seats;
  }

  undo() {
    const seats = this.list.pop()?.undo() ?? [];
    this.keep();
    return seats;
  }

  sent() { return this.list.map(({ edit }) => ({ ...edit, seats: edit.seats && runsOf(edit.seats) })); }

  // By labels, as numbers are others in another revision of the draft.
  keep() {
    const list = this.list.map(({ edit }) => ({ ...edit, seats: edit.seats?.map(({ label }) => label) }));
    try {
      if (list.length) sessionStorage.setItem(this.kept, JSON.stringify(list));
      else this.forget();
    } catch {
      this.forget(); // too much of it
    }
  }

  forget() { sessionStorage.removeItem(this.kept); }

  // Do again what was stored. Returns whether all of its seats are still there.
  async restore() {
    let isWhole = true;
    for (const edit of JSON.parse(sessionStorage.getItem(this.kept) ?? "[]")) {
      const names = new Set(edit.seats?.map(([section]) => section)), found = new Map();
      for (const section of this.plan.sections.filter(({ name }) => names.has(name))) {
        await this.plan.open(section);
        for (const seat of section.lines.flat()) found.set(seat.label.join("\n"), seat);
      }
      const seats = edit.seats?.map((label) => found.get(label.join("\n"))).filter(Boolean);
      isWhole &&= seats?.length === edit.seats?.length;
      if (!edit.seats || seats.length) this.add({ ...edit, seats });
    }
    return isWhole;
  }
}
