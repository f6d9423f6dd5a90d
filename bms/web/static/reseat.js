// Giving other seats by the map: which ticket is meant, and which seat it gets. The form keeps it.

import { ReseatMap, Seats } from "./reseat-map.js";

const find = (name) => document.querySelector(`[data-${name}]`);
const words = find("plan").dataset, form = document.getElementById("moves"), says = find("say");
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const tickets = [...form.querySelectorAll("input[data-kinds]")];
let plan, map, current = 0;

// As the list writes a seat: Stalls, C 12.
const short = ({ section, row, number }) => `${section.name}, ${row} ${number}`;
const named = (seat) => fill(words.name, { section: seat.section.name, row: seat.row, number: seat.number }).replace(/^, /, "");
const fits = (seat, input) => input.dataset.kinds.split(" ").includes(String(seat.category));
const on = {
  isChosen: (seat) => tickets.some((input) => input.value === short(seat) && input.value !== input.dataset.now),
  isOwn: (seat) => tickets.some((input) => input.dataset.now === short(seat)),
  point: (one) => (find("tip").textContent = !one ? "" : one.box ? on.about(one, plan.freeIn(one)) : on.name(one)),
  name(seat) {
    const kinds = [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => (seat.kinds >> bit) & 1).map((bit) => words[`kind-${bit}`]);
    const state = on.isChosen(seat) ? words.chosenOne : on.isOwn(seat) ? words.own : plan.isFree(seat) ? words.free : plan.isSold(seat) ? words.sold : words.taken;
    return [named(seat), ...kinds, state].join(", ");
  },
  about: (section, free) => fill(words.section, { section: section.name, number: free }),
  pick,
};

function pick(seat) {
  const input = tickets[current], was = short(seat);
  if (!fits(seat, input)) return say(fill(words.other, { seat: named(seat) }));
  if (!plan.isFree(seat) && !plan.isSold(seat)) return say(on.name(seat));
  // Chosen once more, a seat is given back. One that another ticket was to have is given up there.
  const isBack = input.value === was && was !== input.dataset.now;
  for (const one of tickets) if (one !== input && one.value === was && was !== one.dataset.now) one.value = one.dataset.now;
  input.value = isBack ? input.dataset.now : was;
  show();
  say(fill(isBack ? words.removed : words.added, { seat: named(seat), ticket: input.labels[0].textContent }));
  const next = tickets.findIndex((one, at) => at > current && one.value === one.dataset.now);
  if (!isBack && next >= 0) turn(next);
}

function say(text) {
  says.textContent = "";
  setTimeout(() => (says.textContent = text), 50);
  find("tip").textContent = text;
}

function show() {
  map.update();
  tickets.forEach((input, at) => input.button && (input.button.ariaPressed = at === current));
}

function turn(to) {
  current = to;
  show();
}

async function watch() {
  if (!document.hidden) map.update((await plan.refresh().catch(() => [])) ?? undefined);
  setTimeout(watch, 3000 + Math.random() * 3000);
}

async function begin() {
  plan = await new Seats(words.plan, words.availability).load();
  const place = find("map");
  place.hidden = find("legend").hidden = false;
  place.classList.remove("waiting");
  form.parentNode.classList.add("mapped");
  map = new ReseatMap(place, plan, on);
  const tools = [() => map.zoom(1.5), () => map.zoom(1 / 1.5), () => map.showAll()];
  [...find("zooms").children].forEach((button, i) => button.addEventListener("click", tools[i]));
  for (const [at, input] of tickets.entries()) {
    input.addEventListener("focus", () => turn(at));
    input.addEventListener("input", show);
    if (tickets.length === 1) continue;
    const button = (input.button = document.createElement("button"));
    Object.assign(button, { type: "button", className: "quiet turn", textContent: words.choose });
    button.setAttribute("aria-label", `${words.choose}: ${input.labels[0].textContent}`);
    button.addEventListener("click", () => {
      turn(at);
      place.scrollIntoView({ block: "nearest" });
    });
    input.after(button);
  }
  show();
  setTimeout(watch, 3000);
}
// Without its plan the page is as it is without script.
begin().catch(() => find("map").classList.remove("waiting"));
