// What scripts add to pages that work without them. Each part does nothing where its marks are missing.

import { addButtons, moneyOf } from "./amounts.js";

const language = document.documentElement.lang;

// The faults of a form are read first.
document.querySelector("[data-focus]")?.focus();

// Buttons beside a number, and the total of what is chosen.
for (const form of document.querySelectorAll("form[data-total]")) {
  const inputs = [...form.querySelectorAll("input[data-price]")];
  const sum = form.querySelector("[data-sum]");
  const money = moneyOf(form.dataset.total, inputs.map((input) => input.dataset.price), form.dataset.free);
  const show = () => {
    const counts = inputs.map((input) => [parseInt(input.value, 10) || 0, input.dataset.price]);
    sum.querySelector("output").textContent = money(counts);
    sum.hidden = false;
  };
  addButtons(form, show);
  show();
  window.addEventListener("pageshow", show);
}

// A button that is pressed twice sends its form once. It comes back with the page.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button:not([type=button])")) {
      button.setAttribute("aria-busy", "true");
      if (button.dataset.busy) button.textContent = button.dataset.busy;
    }
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) delete form.dataset.sent;
  });
}

// Times that run: until a sale opens, or until tickets that are held go back.
const parts = (seconds) => {
  const days = Math.floor(seconds / 86400);
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  const text = clock.map((part) => String(part).padStart(2, "0")).join(":");
  if (!days) return clock[0] ? text : text.slice(3);
  const unit = new Intl.NumberFormat(language, { style: "unit", unit: "day", unitDisplay: "long" });
  return `${unit.format(days)} ${text}`;
};
for (const place of document.querySelectorAll("[data-countdown]")) {
  // Counted from when the page was made, by this device's own clock: it may be wrong.
  const end = place.dataset.left ? performance.now() + place.dataset.left * 1000 : null;
  const until = Date.parse(place.dataset.countdown);
  const warning = document.querySelector("[data-warning]");
  let warned = false;
  const tick = () => {
    const left = Math.max(0, Math.ceil((end === null ? until - Date.now() : end - performance.now()) / 1000));
    place.textContent = parts(left);
    place.hidden = false;
    if (warning && left <= 120 && left > 0 && !warned) {
      warned = true;
      warning.hidden = false;
      warning.textContent = warning.dataset.warning;
    }
    if (left === 0) {
      clearInterval(timer);
      // By its address: to reload what a form has sent would send it again.
      if (place.dataset.reload) setTimeout(() => location.replace(place.dataset.reload), 1000 + Math.random() * 2000);
    }
  };
  const timer = setInterval(tick, 1000);
  tick();
}

// The reader's own time beside that of the place, where it is another.
for (const time of document.querySelectorAll("time[data-viewer]")) {
  const moment = new Date(time.dateTime);
  const form = { weekday: "short", hour: "numeric", minute: "numeric", timeZoneName: "short" };
  const own = new Intl.DateTimeFormat(language, form);
  const clock = { dateStyle: "short", timeStyle: "short" };
  const there = new Intl.DateTimeFormat("en", { ...clock, timeZone: time.dataset.zone }).format(moment);
  if (there === new Intl.DateTimeFormat("en", clock).format(moment)) continue;
  const note = document.createElement("span");
  note.className = "zone";
  note.textContent = time.dataset.viewer.replace("{time}", own.format(moment));
  time.append(document.createElement("br"), note);
}

// A bar with the price while the tickets themselves are below the screen.
const bar = document.querySelector("[data-bar]");
const tickets = document.getElementById("tickets");
if (bar && tickets && "IntersectionObserver" in window) {
  new IntersectionObserver(([seen]) => {
    bar.hidden = seen.isIntersecting || seen.boundingClientRect.top < 0;
  }).observe(tickets);
}

// What is chosen at once where a script is there to do it.
for (const select of document.querySelectorAll(".languages select")) {
  const button = select.form.querySelector("button");
  select.addEventListener("change", () => button.click());
}
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// What is still on its way, such as a payment: ask again, and go on once the page waits no more. Whoever reads it
// is not disturbed until then.
const waiting = document.querySelector("[data-look-again]");
async function lookAgain() {
  const { reload } = waiting.dataset;
  try {
    const text = await (await fetch(reload, { headers: { Accept: "text/html" } })).text();
    const now = new DOMParser().parseFromString(text, "text/html").querySelector("[data-look-again]");
    if (!now) return location.replace(reload);
    if (now.innerHTML !== waiting.innerHTML && !waiting.contains(document.activeElement)) waiting.replaceChildren(...now.childNodes);
  } catch {
    // The network is away for a moment: the next time will tell.
  }
  later();
}
const later = () => setTimeout(lookAgain, Number(waiting.dataset.lookAgain) * 1000 * (0.8 + 0.4 * Math.random()));
if (waiting) later();
