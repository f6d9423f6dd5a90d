// What scripts add to the back office. Each part does nothing where its marks are missing.

// A new venue is most often where its organiser is.
for (const input of document.querySelectorAll("[data-own-zone]")) {
  if (!input.value) input.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
}

// A file that is too large is refused before it is sent.
for (const input of document.querySelectorAll("[data-most]")) {
  const form = input.form;
  const check = () => {
    const isTooLarge = [...input.files].some((file) => file.size > Number(input.dataset.most));
    input.setCustomValidity(isTooLarge ? input.dataset.tooLarge : "");
    return isTooLarge;
  };
  input.addEventListener("change", () => check() && input.reportValidity());
  form.addEventListener("submit", (event) => {
    if (!check()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    input.reportValidity();
  }, { capture: true });
}
