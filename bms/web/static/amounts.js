// Numbers of tickets, and what they cost together.

// Returns a function that says what pairs of a number and a price come to. ``prices`` are all that there are.
export function moneyOf(currency, prices, free) {
  const decimals = Math.max(0, ...prices.map((price) => (price.split(".")[1] || "").replace(/0+$/, "").length));
  const digits = Math.max(decimals, new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits);
  const form = { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits };
  const money = new Intl.NumberFormat(document.documentElement.lang, form);
  return (counts) => {
    // In the smallest unit, since sums of fractions are not exact.
    const total = counts.reduce((all, [number, price]) => all + Math.round(price * 1000) * number, 0);
    return counts.some(([number]) => number) && !total ? free : money.format(total / 1000);
  };
}

// Puts a button on either side of each number of a form. They call ``changed``.
export function addButtons(form, changed) {
  for (const box of form.querySelectorAll("[data-count]")) {
    const input = box.querySelector("input");
    for (const [step, sign, label] of [[-1, "−", box.dataset.fewer], [1, "+", box.dataset.more]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet";
      button.textContent = sign;
      button.setAttribute("aria-label", label);
      button.addEventListener("click", () => {
        const value = (parseInt(input.value, 10) || 0) + step;
        input.value = Math.min(Math.max(value, 0), Number(input.max));
        changed();
      });
      box.insertBefore(button, step < 0 ? input : null);
    }
    input.addEventListener("input", changed);
  }
}
