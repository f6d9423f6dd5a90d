// Choosing seats: what is chosen, what it costs, and what becomes of it. The map and the list only show it.

import { addButtons, moneyOf } from "./amounts.js";
import { SeatMap } from "./seat-map.js";
import { Plan } from "./seat-plan.js";

const find = (name) => document.querySelector(`[data-${name}]`);
const form = document.getElementById("choice"), best = document.getElementById("best");
const mine = find("mine"), views = find("views"), tip = find("tip"), says = find("say");
const words = find("plan").dataset, path = form.getAttribute("action"), kept = `${path} ${words.version}`;
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const copy = (name) => find(name).content.cloneNode(true).firstElementChild;

const types = new Map(); // category: the ticket types that sell it, in order
for (const line of words.types.trim().split("\n")) {
  const [category, id, price, shown, ...name] = line.split("|");
  types.set(+category, [...(types.get(+category) ?? []), { id, price, shown, name: name.join("|") }]);
}
const sells = (seat) => types.get(seat.category) ?? [];
const chosen = new Map(); // seat: its ticket type and its line in the list of them
const usual = new Map(); // category: the type that was chosen last
const counters = [...form.querySelectorAll("input[data-price]")];
const money = moneyOf(words.currency, [...types.values()].flat().concat(counters.map((one) => one.dataset)).map((one) => one.price), words.none);
let plan, map, list;

const named = (section, { row, number }) => fill(words.name, { section: section.name, row, number }).replace(/^, /, "");
const nameOf = (seat) => named(seat.section, seat);
const namesOf = (seats) => seats.map(nameOf).join("; ");
const on = {
  isChosen: (seat) => chosen.has(seat),
  pick: (seat) => toggle(seat),
  point: (one) => (tip.textContent = !one ? "" : one.box ? on.about(one, plan.freeIn(one)) : on.name(one)),
  name(seat) {
    const own = chosen.get(seat)?.type, isFree = plan.isFree(seat) && sells(seat).length;
    const kinds = [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => (seat.kinds >> bit) & 1).map((bit) => words[`kind-${bit}`]);
    const prices = (own ? [own] : isFree ? sells(seat) : []).map((type) => (sells(seat).length > 1 ? `${type.name} ${type.shown}` : type.shown));
    return [nameOf(seat), ...kinds, ...prices, own ? words.chosenOne : isFree ? words.free : words.taken].join(", ");
  },
  about(section, free) {
    const all = section.categories.flatMap(([category]) => types.get(category) ?? []);
    const price = all.length ? all.reduce((a, b) => (+b.price < +a.price ? b : a)).shown : "";
    return fill(free && price ? words.section : words.gone, { section: section.name, number: free, price });
  },
};

function say(text) {
  says.textContent = "";
  setTimeout(() => (says.textContent = text), 50);
}

function toggle(seat) {
  const party = plan.partyOf(seat), name = nameOf(seat);
  if (chosen.has(seat)) party.forEach(drop);
  else if (!plan.isFree(seat) || !sells(seat).length) return say(on.name(seat));
  else if (chosen.size + party.length > words.limit) return tell(words.most);
  else for (const one of party) take(one, usual.get(one.category) ?? sells(one)[0]);
  find("notice")?.remove();
  say(`${fill(chosen.has(seat) ? words.added : words.removed, { seat: name })} ${total()}`);
}

function take(seat, type) {
  const line = copy("line"), [label, select, price, button] = line.children, name = nameOf(seat);
  label.textContent = name;
  select.name = `s.${seat.no}`;
  select.setAttribute("aria-label", fill(words.ticket, { seat: name }));
  for (const one of sells(seat)) select.add(new Option(`${one.name}, ${one.shown}`, one.id, false, one === type));
  select.hidden = select.length < 2;
  price.textContent = select.hidden ? type.shown : "";
  select.addEventListener("change", () => {
    const own = sells(seat)[select.selectedIndex];
    usual.set(seat.category, own);
    chosen.set(seat, { type: own, line });
    show([seat.no]);
  });
  button.setAttribute("aria-label", fill(words.remove, { seat: name }));
  button.addEventListener("click", () => {
    const next = line.nextElementSibling ?? line.previousElementSibling;
    toggle(seat);
    (next?.querySelector("button") ?? mine).focus();
  });
  find("chosen").append(line);
  find("chosen").scrollTo(1e6, 0);
  chosen.set(seat, { type, line });
  show([seat.no]);
}

function drop(seat) {
  chosen.get(seat)?.line.remove();
  chosen.delete(seat);
  show([seat.no]);
}

const counts = () => [...counters.map((one) => [parseInt(one.value, 10) || 0, one.dataset.price]), ...[...chosen.values()].map(({ type }) => [1, type.price])];
const total = () => `${tickets()}, ${money(counts())}.`;
const tickets = () => {
  const number = counts().reduce((all, [count]) => all + count, 0);
  return fill(number === 1 ? words.one : words.many, { number });
};

function show(numbers = []) {
  map.update(numbers);
  list?.update(numbers);
  const isNone = !counts().some(([number]) => number);
  find("empty").hidden = !isNone;
  find("total").hidden = isNone;
  find("tickets").textContent = tickets();
  find("total").querySelector("output").textContent = money(counts());
  sessionStorage.setItem(kept, JSON.stringify([...chosen].map(([seat, { type }]) => ({ no: seat.no, type: type.id, section: seat.section.at }))));
}

// Say what went wrong, and put what helps on a button.
function tell(text, label, help) {
  find("notice")?.remove();
  const notice = copy("problem"), [words_, button] = notice.children;
  words_.textContent = text;
  if (help) button.textContent = label;
  else button.remove();
  button.addEventListener("click", () => {
    notice.remove();
    mine.focus();
    help();
  });
  mine.prepend(notice);
  notice.focus();
}

// Choose these seats and no others. Returns whether all of them could be.
async function choose(seats) {
  await Promise.all(seats.map((one) => plan.open(plan.sections[one.section])));
  for (const seat of [...chosen.keys()]) drop(seat);
  for (const one of seats) {
    const seat = plan.seats.get(one.no), type = seat && sells(seat).find(({ id }) => id === String(one.type));
    if (type && plan.isFree(seat)) take(seat, type);
  }
  if (chosen.size) map.show([...chosen.keys()]);
  return chosen.size === seats.length;
}

// Post fields. Where the form's token was out of date, post them once more with the new one.
async function post(to, fields, isFirst = true) {
  const headers = { Accept: "application/json" };
  try {
    const said = await (await fetch(to, { method: "POST", body: new URLSearchParams(fields), headers })).json();
    if (said.csrf === undefined || !isFirst) return said;
    for (const one of document.querySelectorAll("[name=csrf]")) one.value = said.csrf;
    fields.set("csrf", said.csrf);
    return post(to, fields, false);
  } catch {
    return { message: words.broken };
  }
}

// Do ``work`` when a form is sent, once at a time.
function instead(of, work) {
  of.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (of.ariaBusy) return;
    of.ariaBusy = "true";
    await work();
    of.ariaBusy = null;
  });
}

async function hold() {
  const { location: there, message, seats = [], instead: others = [] } = await post(path, new FormData(form));
  if (there) {
    sessionStorage.removeItem(kept);
    location.assign(there);
    return new Promise((done) => setTimeout(done, 5000));
  }
  await look();
  for (const seat of [...chosen.keys()]) if (seats.includes(seat.no) && !plan.isFree(seat)) drop(seat);
  if (!others.length) return tell(message);
  const names = others.map((one) => named(plan.sections[one.section], one)).join("; ");
  tell(`${message} ${words.instead} ${names}.`, words.take, async () => (await choose(others)) && form.requestSubmit());
}

async function suggest(fields) {
  const { seats, message } = await post(`${path}/suggest`, fields);
  if (!seats) return tell(message);
  await look();
  await choose(seats);
  map.place.scrollIntoView({ block: "nearest" });
  find("notice")?.remove();
  say(`${message} ${namesOf([...chosen.keys()])}. ${total()}`);
}

// Seats for all that were chosen, of which some were lost.
function others(types) {
  const fields = new FormData(best);
  for (const name of [...fields.keys()]) if (name.startsWith("q.")) fields.delete(name);
  for (const { id } of types) fields.set(`q.${id}`, +fields.get(`q.${id}`) + 1);
  return suggest(fields);
}

// Ask who has which seat now. Only what concerns one's own choice is said.
async function look() {
  const numbers = await plan.refresh().catch(() => []);
  if (plan.version !== +words.version) return location.reload();
  const lost = [...chosen.keys()].filter((seat) => !plan.isFree(seat)), all = [...chosen.values()].map(({ type }) => type);
  lost.forEach(drop);
  if (!numbers || numbers.length) {
    map.update(numbers);
    list?.update(numbers);
  }
  if (lost.length && !form.ariaBusy) tell(fill(words.lost, { seat: namesOf(lost) }), words.other, () => others(all));
}

async function watch() {
  if (!document.hidden && !form.ariaBusy && !best.ariaBusy) await look();
  setTimeout(watch, 2000 + Math.random() * 3000);
}

async function turn(to) {
  const place = find("rows"), { SeatList } = await import("./seat-list.js");
  list ??= new SeatList(place, plan, words.row, on);
  for (const button of views.children) button.ariaPressed = button === to;
  place.hidden = to !== views.lastElementChild;
  map.place.hidden = !place.hidden;
}

async function begin() {
  plan = await new Plan(words.plan, words.availability).load();
  const place = find("map");
  place.hidden = mine.hidden = views.hidden = false;
  place.classList.remove("waiting");
  map = new SeatMap(place, plan, on);
  find("by-list").remove();
  for (const button of views.children) button.addEventListener("click", () => turn(button));
  const tools = [() => map.zoom(1.5), () => map.zoom(1 / 1.5), () => map.showAll()];
  [...find("zooms").children].forEach((button, i) => button.addEventListener("click", tools[i]));
  addButtons(form, () => show());
  addButtons(best, () => {});
  instead(form, hold);
  instead(best, () => suggest(new FormData(best)));
  addEventListener("pageshow", (event) => event.persisted && look());
  await choose(JSON.parse(sessionStorage.getItem(kept) ?? "[]"));
  show();
  watch();
}
// Without its plan the page is as it is without script.
begin().catch(() => {
  find("map").classList.remove("waiting");
  find("by-list")?.classList.add("shown");
});
