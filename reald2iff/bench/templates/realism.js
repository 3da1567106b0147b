"use strict";

// Light or dark: the system's choice until the button is used.
(() => {
  const button = document.getElementById("theme");
  const root = document.documentElement;
  const dark = () => root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const label = () => { button.textContent = dark() ? "Light" : "Dark"; };
  button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; label(); });
  label();
})();

// Tables: click a heading to sort; figures that are missing stay last.
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => heading.querySelector("button").addEventListener("click", () => {
    const down = heading.getAttribute("aria-sort") === "ascending";
    headings.forEach((other) => other.setAttribute("aria-sort", "none"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => row.cells[column].dataset.value;
    const rows = [...table.tBodies[0].rows].sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === "" || y === "") return (x === "") - (y === "");
      const order = column === 0 ? x.localeCompare(y) : Number(x) - Number(y);
      return down ? -order : order;
    });
    table.tBodies[0].append(...rows);
  }));
}

// Plots: a name in the legend shows or hides its line.
for (const button of document.querySelectorAll(".legend button")) {
  button.addEventListener("click", () => {
    const shown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(shown));
    for (const curve of button.closest("figure").querySelectorAll("g.curve"))
      if (curve.dataset.method === button.dataset.method) curve.classList.toggle("off", !shown);
  });
}

// Before and after.
(() => {
  const store = document.getElementById("slides");
  if (!store) return;
  const slides = JSON.parse(store.textContent);
  const at = (id) => document.getElementById(id);
  const [frame, left, right, view, cut, stage] = ["frame", "left", "right", "view", "cut", "stage"].map(at);

  const offer = (select, names, wanted) => {
    const value = names.includes(select.value) ? select.value : wanted;
    select.replaceChildren(...names.map((name) => new Option(name, name, false, name === value)));
  };
  const show = (image, tag, name, slide) => {
    image.src = slide.images[name][view.value];
    image.width = slide.width;
    image.height = slide.height;
    image.alt = `${slide.title}: ${name}, ${view.value}`;
    tag.textContent = name;
  };
  const draw = () => {
    const slide = slides[frame.value];
    show(at("over"), at("tag-left"), left.value, slide);
    show(at("under"), at("tag-right"), right.value, slide);
  };
  const choose = () => {
    const names = Object.keys(slides[frame.value].images);
    offer(left, names, "clean");
    offer(right, names, ["coarse_fine", "twin"].find((name) => names.includes(name)) ?? names.at(-1));
    draw();
  };
  const move = () => stage.style.setProperty("--cut", `${cut.value}%`);
  const drag = (event) => {
    const box = stage.getBoundingClientRect();
    cut.value = 100 * (event.clientX - box.left) / box.width;
    move();
  };

  frame.addEventListener("change", choose);
  for (const select of [left, right, view]) select.addEventListener("change", draw);
  cut.addEventListener("input", move);
  stage.addEventListener("pointerdown", (event) => {
    stage.setPointerCapture(event.pointerId);
    drag(event);
    cut.focus({ preventScroll: true });
  });
  stage.addEventListener("pointermove", (event) => { if (event.buttons) drag(event); });
  choose();
  move();
})();
