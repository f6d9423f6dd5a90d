// The preview of a plan follows its form. Without script a button shows it.

const form = document.querySelector("[data-live]"), preview = document.querySelector("[data-preview]");
let later, last = 0;

async function draw() {
  const fields = new FormData(form), number = ++last;
  for (const name of ["save", "more"]) fields.delete(name);
  preview.setAttribute("aria-busy", true);
  try {
    const reply = await fetch(form.action, { method: "POST", body: new URLSearchParams(fields) });
    const shown = new DOMParser().parseFromString(await reply.text(), "text/html").querySelector("[data-preview]");
    // What was asked for later may have been answered before.
    if (shown && number === last) preview.replaceChildren(...shown.childNodes);
  } catch {
    // The picture stays; the next change asks again.
  }
  if (number === last) preview.removeAttribute("aria-busy");
}

for (const name of ["input", "change"])
  form.addEventListener(name, (event) => {
    if (["name", "venue", "shared"].includes(event.target.name)) return;
    clearTimeout(later);
    later = setTimeout(draw, 600);
  });
