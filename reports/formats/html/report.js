"use strict";
// Makes every table searchable, sortable and paged. Text reaches the page through textContent only, never as markup.
(() => {
  const narrow = window.matchMedia("(max-width: 720px)");
  const numbers = new Intl.NumberFormat("en");
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
  const sizes = [10, 25, 50, 100, 500];

  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };

  const isTime = (cell) => cell !== null && typeof cell === "object";

  const textOf = (cell) => {
    if (cell === null) return "";
    if (isTime(cell)) return cell.t.slice(0, 16).replace("T", " ");
    if (typeof cell === "boolean") return cell ? "yes" : "no";
    return String(cell);
  };

  const compare = (left, right) => {
    if (typeof left === "number" && typeof right === "number") return left - right;
    if (isTime(left) && isTime(right)) return left.t < right.t ? -1 : Number(left.t > right.t);
    if (isTime(left) !== isTime(right)) return isTime(left) ? 1 : -1;
    return order.compare(textOf(left), textOf(right));
  };

  const start = (section, holder) => {
    const { columns, rows, tones } = JSON.parse(holder.textContent);
    holder.remove();
    const found = rows.map((_, index) => index);
    const haystacks = new Array(rows.length);
    const first = rows.slice(0, 50);
    const wordy = first.filter((row) => row.some((cell) => textOf(cell).length > 90)).length > first.length / 3;
    const state = { shown: found, page: 0, size: narrow.matches || wordy ? 10 : 25, column: -1, down: false };
    const table = section.querySelector("table");
    const body = table.tBodies[0];
    const count = element("span", { class: "shown", role: "status" });
    const where = element("span", { class: "where" });
    const search = element("input", {
      type: "search",
      placeholder: "Search, all words",
      "aria-label": `Search ${section.querySelector("h2").textContent}`,
    });
    const size = element("select", { "aria-label": "Rows on a page" });
    for (const value of sizes) size.append(element("option", { value: String(value) }, `${value} rows`));
    size.value = String(state.size);
    const back = element("button", { type: "button", "aria-label": "Previous page" }, "‹");
    const forth = element("button", { type: "button", "aria-label": "Next page" }, "›");

    const haystack = (index) => {
      haystacks[index] ??= rows[index].map(textOf).join("\n").toLowerCase();
      return haystacks[index];
    };

    const cellOf = (cell, column) => {
      const text = textOf(cell);
      const made = element("td", { "data-title": column.title });
      if (text === "") {
        made.append(element("span", { class: "nothing" }, "–"));
      } else if (column.badge) {
        made.append(element("span", { class: `badge ${tones[text] ?? "calm"}` }, text));
      } else if (guid.test(text)) {
        made.append(element("code", {}, text));
      } else {
        made.append(text);
      }
      if (column.right) made.classList.add("right");
      if (isTime(cell)) made.classList.add("time");
      if (text.length <= 40 && !text.includes(" ")) made.classList.add("word");
      else if (text.length > 20) made.classList.add("text");
      if (text.length > 48) made.classList.add("long");
      return made;
    };

    const draw = () => {
      const pages = Math.max(1, Math.ceil(state.shown.length / state.size));
      state.page = Math.min(state.page, pages - 1);
      const from = state.page * state.size;
      const visible = state.shown.slice(from, from + state.size);
      body.replaceChildren(
        ...visible.map((index) => element("tr", {}, ...rows[index].map((cell, at) => cellOf(cell, columns[at])))),
      );
      if (visible.length === 0) {
        body.append(element("tr", {}, element("td", { colspan: String(columns.length), class: "empty" }, "No row matches.")));
      }
      const all = numbers.format(rows.length);
      count.textContent = state.shown.length === rows.length
        ? `${all} rows` : `${numbers.format(state.shown.length)} of ${all} rows`;
      where.textContent = `${numbers.format(state.page + 1)} / ${numbers.format(pages)}`;
      back.disabled = state.page === 0;
      forth.disabled = state.page === pages - 1;
    };

    const sift = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const kept = words.length === 0
        ? found.slice() : found.filter((index) => words.every((word) => haystack(index).includes(word)));
      if (state.column >= 0) {
        const sign = state.down ? -1 : 1;
        // Empty cells stay at the end, whichever way the column is sorted; equal cells keep the order of the report.
        kept.sort((left, right) => {
          const [a, b] = [rows[left][state.column], rows[right][state.column]];
          const [none, other] = [textOf(a) === "", textOf(b) === ""];
          if (none || other) return Number(none) - Number(other) || left - right;
          return sign * compare(a, b) || left - right;
        });
      }
      state.shown = kept;
      state.page = 0;
      draw();
    };

    const sortBy = (at) => {
      state.down = state.column === at && !state.down;
      state.column = at;
      [...table.tHead.rows[0].cells].forEach((cell, index) => {
        if (index === at) cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
        else cell.removeAttribute("aria-sort");
      });
      sift();
    };

    [...table.tHead.rows[0].cells].forEach((cell, at) => {
      const button = element("button", { type: "button" }, cell.textContent);
      button.addEventListener("click", () => sortBy(at));
      cell.replaceChildren(button);
      if (columns[at].right) cell.classList.add("right");
    });

    let waiting = 0;
    search.addEventListener("input", () => {
      window.clearTimeout(waiting);
      waiting = window.setTimeout(sift, rows.length > 5000 ? 200 : 0);
    });
    size.addEventListener("change", () => { state.size = Number(size.value); state.page = 0; draw(); });
    back.addEventListener("click", () => { state.page -= 1; draw(); });
    forth.addEventListener("click", () => { state.page += 1; draw(); });

    const sorter = element("select", { "aria-label": "Sort by", class: "sorter" }, element("option", { value: "-1" }, "Sort by …"));
    columns.forEach((column, at) => sorter.append(element("option", { value: String(at) }, column.title)));
    sorter.addEventListener("change", () => sortBy(Number(sorter.value)));

    section.querySelector(".rest")?.remove();
    if (rows.length > sizes[0]) {
      table.parentElement.before(element("div", { class: "tools" }, search, sorter, count));
      table.parentElement.after(element("div", { class: "pages" }, size, back, where, forth));
    }
    draw();
  };

  for (const section of document.querySelectorAll("section.table")) {
    const holder = section.querySelector('script[type="application/json"]');
    if (holder) start(section, holder);
  }
})();
