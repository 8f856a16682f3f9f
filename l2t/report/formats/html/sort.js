"use strict";
// A table is sorted by the column whose heading is pressed: up, down, then as it was. Lists open when a link leads there.
document.documentElement.classList.add("scripts");
const UNITS = { s: 1, min: 60, h: 3600, d: 86400, B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };
const NUMBER = /(<?)([-+]?[\d,]*\.?\d+(?:e[-+]?\d+)?)(?: (s|min|h|d|[kMGT]?B)\b)?/;
const words = new Intl.Collator(undefined, { numeric: true });

function number(text) {
  const found = NUMBER.exec(text.replaceAll("−", "-"));
  return found && Number(found[2].replaceAll(",", "")) * (UNITS[found[3]] ?? 1) * (found[1] ? 0.999 : 1);
}

function sort(table, rows, heading) {
  const next = { none: "ascending", ascending: "descending", descending: "none" }[heading.ariaSort ?? "none"];
  for (const other of table.tHead.rows[0].cells) other.ariaSort = null;
  if (next !== "none") heading.ariaSort = next;
  table.classList.toggle("sorted", next !== "none");
  const sign = next === "descending" ? -1 : 1;
  const keyed = rows.map((row) => {
    const text = row.cells[heading.cellIndex].textContent.trim();
    return { row, key: heading.classList.contains("l") ? text || null : number(text) };
  });
  if (next !== "none")
    keyed.sort(({ key: a }, { key: b }) => {
      if (a === null || b === null) return (a === null) - (b === null); // without a number: last, both ways
      return sign * (typeof a === "number" ? a - b : words.compare(a, b));
    });
  table.tBodies[0].append(...keyed.map(({ row }) => row));
}

for (const table of document.querySelectorAll("table")) {
  const rows = [...table.tBodies[0].rows];
  for (const heading of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sort(table, rows, heading));
    heading.append(button);
  }
}

function reveal(hash) {
  const target = document.getElementById(hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
document.addEventListener("click", (event) => reveal(event.target.closest("a")?.hash ?? ""));
addEventListener("hashchange", () => reveal(location.hash));
reveal(location.hash);
