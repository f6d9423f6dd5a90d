// A plan as it is drawn: its sections, and the seats of those that were looked at.

export class Sheet {
  constructor(base) {
    this.base = base;
    this.seats = new Map(); // by number, those whose section has been read
  }

  // Read the first sheet. Returns this.
  async load() {
    Object.assign(this, await read(`${this.base}plan.json`));
    this.sections.forEach((section, at) => {
      section.at = at;
      if (section.rows) this.unfold(section, section.rows);
    });
    return this;
  }

  // Read the seats of a section. Whoever asks meanwhile shares the reading.
  async open(section) {
    if (section.lines) return;
    section.reading ??= read(`${this.base}${section.at}.json`);
    const rows = await section.reading.finally(() => (section.reading = null));
    if (!section.lines) this.unfold(section, rows);
  }

  unfold(section, rows) {
    section.lines = rows.map((row) => {
      let x = 0, y = 0;
      return row.n.map((number, i) => {
        x += row.x[i];
        y += row.y[i];
        const no = row.no[i] ?? row.no + i, category = row.c[i] ?? row.c;
        const seat = { no, x, y, number, row: row.r, section, category, kinds: row.k?.[i] ?? 0 };
        this.seats.set(no, seat);
        return seat;
      });
    });
  }
}

export async function read(url) {
  const reply = await fetch(url);
  if (!reply.ok) throw new Error(`${url}: ${reply.status}`);
  return reply.json();
}
