// Drawing a seating plan: choose seats, change them on the map, and save the changes together.

import { Draft, DraftMap } from "./draft-map.js";
import { Edits } from "./edits.js";

const find = (name) => document.querySelector(`[data-${name}]`);
const words = find("draft").dataset, form = document.getElementById("edits"), says = find("say");
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const picked = new Set(), wrong = new Set([...document.querySelectorAll("[data-no]")].map((link) => +link.dataset.no));
const mode = () => document.querySelector("[name=picks]:checked").value;
const field = (name) => form.elements[name];
let plan, map, edits, isPlacing = false, isLeaving = false;

const on = {
  isChosen: (seat) => picked.has(seat),
  isFaulty: (seat) => wrong.has(seat.no),
  point: (one) => (find("tip").textContent = !one ? "" : one.box ? on.about(one) : on.name(one)),
  name(seat) {
    const kinds = [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => (seat.kinds >> bit) & 1).map((bit) => field("kind").options[bit].text);
    const marks = [seat.gap && words.aisle, on.isFaulty(seat) && words.wrong, seat.gone && words.gone, picked.has(seat) && words.picked];
    return [fill(words.name, { section: seat.section.name, row: seat.row, number: seat.number }).replace(/^, /, ""), plan.categories[seat.category]?.[0], ...kinds, ...marks.filter(Boolean)].join(", ");
  },
  about: (section) => fill(words.about, { section: section.name, number: section.seats }),
  spot: (place) => isPlacing && (placeFocus(place), true),
  section: (section) => mode() === "section" && (pickSection(section), true),
  pick(seat, event) {
    if (on.spot(seat)) return;
    const line = plan.lineOf(seat), last = on.last && line.indexOf(on.last), here = line.indexOf(seat);
    if (mode() === "section") return pickSection(seat.section);
    if (mode() === "row") return turn(line, !picked.has(seat));
    if (event?.shiftKey && last >= 0) turn(line.slice(Math.min(last, here), Math.max(last, here) + 1), true);
    else turn([seat], !picked.has(seat));
    on.last = seat;
  },
  extend(from, to) { turn([from, to], true); on.last = to; },
};

async function pickSection(section) {
  await plan.open(section);
  const seats = section.lines.flat();
  turn(seats, !seats.every((seat) => picked.has(seat)));
}

// Choose seats, or choose them no more.
function turn(seats, isOn) {
  for (const seat of seats) if (!seat.gone) isOn ? picked.add(seat) : picked.delete(seat);
  show(seats);
  say(count());
}

const count = () => fill(picked.size === 1 ? words.one : words.many, { number: picked.size });

function say(text) {
  says.textContent = "";
  setTimeout(() => (says.textContent = text), 50);
}

function show(seats) {
  seats.forEach((seat) => map.showSeat(seat));
  find("count").textContent = picked.size ? count() : words.none;
  find("drop").hidden = !picked.size;
  const number = edits.list.length;
  find("pending").hidden = !number;
  find("changes").textContent = fill(number === 1 ? words.changesOne : words.changesMany, { number });
}

function tell(text) {
  const notice = find("notice");
  notice.hidden = !text;
  notice.textContent = text ?? "";
  if (text) notice.focus();
}

// The change that the form describes, of the seats that are chosen.
function apply() {
  const what = field("do").value, seats = [...picked], name = field(what === "row" ? "row" : "category").value.trim();
  if (!seats.length) return tell(words.choose);
  if (what === "row" && !name) return field("row").focus();
  const more = { category: { name }, row: { name }, kind: { kind: field("kind").value }, number: { first: +field("first").value || 1, step: +field("step").value } };
  tell("");
  const changed = edits.add({ do: what, ...more[what], seats });
  if (what === "remove") picked.clear();
  show(changed);
  say(`${field("do").selectedOptions[0].textContent}: ${fill(seats.length === 1 ? words.one : words.many, { number: seats.length })}`);
}

function undo() {
  show(edits.undo());
  map.showFocus();
  if (!edits.list.length) map.place.querySelector("[tabindex='0']")?.focus();
}

function placeFocus({ x, y }) {
  isPlacing = false;
  map.place.classList.remove("placing");
  edits.add({ do: "focus", x: Math.round(x) / 10, y: Math.round(y) / 10 });
  map.showFocus();
  show([]);
  say(words.placed);
}

// Send the changes, and what a form of its own adds to them. The page that follows is drawn anew.
async function save(more = []) {
  const fields = new FormData(form), { x, y, scale } = map;
  fields.set("edits", JSON.stringify([...edits.sent(), ...more]));
  const said = await post(fields);
  if (!said.location && !said.again) return tell(said.message);
  isLeaving = true;
  sessionStorage.setItem(words.view, JSON.stringify([[x, y, scale], said.message]));
  if (said.again) return location.reload();
  edits.forget();
  location.assign(said.location);
}

// Post fields. Where the form's token was out of date, post them once more with the new one.
async function post(fields, isFirst = true) {
  try {
    const said = await (await fetch(form.action, { method: "POST", body: new URLSearchParams(fields), headers: { Accept: "application/json" } })).json();
    if (said.csrf === undefined || !isFirst) return said;
    for (const one of document.querySelectorAll("[name=csrf]")) one.value = said.csrf;
    fields.set("csrf", said.csrf);
    return post(fields, false);
  } catch {
    return { message: words.broken };
  }
}

// Show a seat by its number, choose it, and let the keyboard go on there.
async function goTo(no) {
  const section = plan.sectionOf(no);
  if (!section) return;
  await plan.open(section);
  const seat = plan.seats.get(no);
  map.drawSeats(section);
  await map.queue;
  picked.clear();
  map.show([seat]);
  turn([seat], true);
  map.update();
  map.setCurrent(seat, true);
}

// What the fields of labels name.
async function byLabel() {
  const value = (name) => field(`where.${name}`).value.trim();
  const section = plan.sections.find(({ name }) => name === value("section"));
  if (!section) return tell(words.nothing);
  await plan.open(section);
  const cut = (list, names, first, last) => {
    const from = first ? names.indexOf(first) : 0, to = last ? names.lastIndexOf(last) : names.length - 1;
    return from < 0 || to < 0 ? [] : list.slice(Math.min(from, to), Math.max(from, to) + 1);
  };
  const rows = cut(section.lines, section.lines.map(([seat]) => seat.row), value("first_row"), value("last_row"));
  const seats = rows.flatMap((line) => cut(line, line.map((seat) => seat.number), value("first_seat"), value("last_seat")));
  tell(seats.length ? "" : words.nothing);
  if (!seats.length) return;
  map.show(seats);
  turn(seats, true);
}

const click = (name, work) => find(name).addEventListener("click", work);

async function begin() {
  plan = await new Draft(words.draft).load();
  document.body.classList.add("drawing");
  const place = find("map");
  place.hidden = false;
  place.classList.remove("waiting");
  document.querySelector(".where").open = false;
  map = new DraftMap(place, plan, on);
  edits = new Edits(plan, words.kept);
  [...find("zooms").children].forEach((button, i) => button.addEventListener("click", [() => map.zoom(1.5), () => map.zoom(1 / 1.5), () => map.showAll()][i]));
  form.addEventListener("submit", (event) => (event.preventDefault(), apply()));
  click("undo", undo);
  click("save", () => save());
  click("drop", () => turn([...picked], false));
  click("by-label", byLabel);
  click("place", () => ((isPlacing = true), map.place.classList.add("placing"), say(words.placing), map.place.querySelector("[tabindex='0']")?.focus()));
  for (const own of document.querySelectorAll("form[data-also]"))
    own.addEventListener("submit", (event) => {
      event.preventDefault();
      const one = Object.fromEntries(new FormData(own));
      save([own.dataset.also === "repair" ? { do: "repair" } : { do: "new_category", name: one.name, color: one.color }]);
    });
  for (const link of document.querySelectorAll("[data-no]")) link.addEventListener("click", (event) => (event.preventDefault(), goTo(+link.dataset.no)));
  addEventListener("beforeunload", (event) => edits.list.length && !isLeaving && event.preventDefault());
  const [where, said] = JSON.parse(sessionStorage.getItem(words.view) ?? "[]");
  sessionStorage.removeItem(words.view);
  if (where) map.look(...where);
  tell((await edits.restore()) ? said : words.lost);
  map.update();
  show([]);
  if (words.at) goTo(+words.at);
}
// Without its plan the page is as it is without script.
begin().catch(() => find("map").classList.remove("waiting"));
