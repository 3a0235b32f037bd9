// Everything works without this file. It reads values off charts, closes menus, and copies links.
"use strict";

// A chart's marks carry their values as labels. On the first touch the picture is replaced by the same
// drawing in the page, so that they can be read off; nothing but our own pictures is fetched.
async function open(figure) {
  const image = figure.querySelector("img");
  if (!image || figure.dataset.opened) return;
  figure.dataset.opened = "yes";
  const source = new URL(image.currentSrc || image.src);
  if (source.origin !== location.origin) return;
  const answer = await fetch(source);
  if (!answer.ok) return;
  const drawing = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
  if (drawing.nodeName !== "svg") return;
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-label", image.alt);
  const drawn = document.createElement("div");
  drawn.className = "drawn";
  drawn.append(document.importNode(drawing, true));
  image.closest("picture").replaceWith(drawn);
  const told = document.createElement("div");
  told.className = "told";
  told.hidden = true;
  drawn.append(told);
  const marks = [...drawn.querySelectorAll(".role-mark [aria-label]")].filter((each) => each.getAttribute("aria-label").trim());
  drawn.addEventListener("pointermove", (event) => show(drawn, told, marks, event));
  drawn.addEventListener("pointerleave", () => { told.hidden = true; });
}

// The mark under the pointer, or the nearest within reach of it.
function show(drawn, told, marks, event) {
  let best = null;
  let least = 14;
  for (const mark of marks) {
    const box = mark.getBoundingClientRect();
    const across = Math.max(box.left - event.clientX, 0, event.clientX - box.right);
    const along = Math.max(box.top - event.clientY, 0, event.clientY - box.bottom);
    // Small marks go before the lines and columns behind them.
    const far = Math.hypot(across, along) + Math.min(box.width + box.height, 4000) / 1000;
    if (far < least) { least = far; best = mark; }
  }
  told.hidden = best === null;
  if (best === null) return;
  told.textContent = best.getAttribute("aria-label");
  const frame = drawn.getBoundingClientRect();
  const box = best.getBoundingClientRect();
  const middle = Math.max(Math.min((box.left + box.right) / 2, frame.right), frame.left) - frame.left;
  const left = Math.max(0, Math.min(middle - told.offsetWidth / 2, frame.width - told.offsetWidth));
  const above = Math.max(box.top, frame.top) - frame.top - told.offsetHeight - 8;
  told.style.left = `${left}px`;
  told.style.top = `${above > -told.offsetHeight ? above : Math.min(box.bottom, frame.bottom) - frame.top + 8}px`;
}

for (const figure of document.querySelectorAll(".chart figure")) {
  figure.addEventListener("pointerenter", () => { open(figure).catch(() => {}); }, { once: true });
}

// A menu closes by Escape and by a click elsewhere.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest("details.menu[open]") ?? document.querySelector("details.menu[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

// <button data-copy="..."> copies a link; it is shown only where that is possible.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(new URL(button.dataset.copy, location.href).href);
    const words = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = words; }, 2000);
  });
}
