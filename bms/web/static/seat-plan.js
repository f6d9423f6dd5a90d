// The seats of an event: the plan, which never changes, and who has which seat, which does.

import { read, Sheet } from "./seat-sheet.js";

export class Plan extends Sheet {
  constructor(base, availability) {
    super(base);
    Object.assign(this, { availability, states: [], sequence: null });
  }

  // Read the first sheet and the states. Returns this.
  async load() {
    await Promise.all([super.load(), this.refresh()]);
    return this;
  }

  // Read what has changed. Returns the numbers of the seats whose state is another now; undefined: maybe all.
  async refresh() {
    const since = this.sequence === null ? "" : `?since=${this.sequence}`;
    const reply = await read(this.availability + since);
    this.sequence = reply.sequence;
    this.version = reply.plan_version;
    if (reply.changes) {
      const changed = reply.changes.filter(([no, state]) => this.states[no] !== state);
      for (const [no, state] of changed) this.states[no] = state;
      return changed.map(([no]) => no);
    }
    const packed = atob(reply.states);
    this.states = new Uint8Array(packed.length * 4).map((_, i) => (packed.charCodeAt(i >> 2) >> (2 * (i & 3))) & 3);
  }

  isFree(seat) {
    return this.states[seat.no] === 0;
  }

  // How many seats of a section are free.
  freeIn({ numbers }) {
    let free = 0;
    for (let i = 0; i < numbers.length; i += 2)
      for (let no = numbers[i]; no <= numbers[i + 1]; no++) free += this.states[no] === 0;
    return free;
  }

  // The seats that are sold together with one: all of its table, or itself.
  partyOf(seat) {
    const table = this.tables.find((numbers) => numbers.includes(seat.no)) ?? [seat.no];
    return table.map((no) => this.seats.get(no));
  }
}
