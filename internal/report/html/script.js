"use strict";
(function () {
  const all = (selector, from) => Array.from((from || document).querySelectorAll(selector));
  const table = document.querySelector("table.list");
  const tools = document.querySelector("form.tools");
  const rows = table ? Array.from(table.tBodies) : [];
  const chosen = { hosts: "", bin: "" };

  // Filters: what the form says, and what was chosen in the overview.
  const status = tools && tools.querySelector(".status");
  const nothing = document.querySelector(".nothing");
  const words = new Map();

  function textOf(row) {
    if (!words.has(row)) words.set(row, row.textContent.toLowerCase());
    return words.get(row);
  }

  function value(name) {
    return tools.elements[name] ? tools.elements[name].value : "";
  }

  function wanted(row) {
    const data = row.dataset;
    const text = value("text").trim().toLowerCase();
    return ["cause", "sender", "benign", "result", "family"].every((n) => !value(n) || data[n] === value(n)) &&
      (!value("strength") || data.strengthname === value("strength")) &&
      (!chosen.hosts || data.hosts.includes("|" + chosen.hosts + "|")) &&
      (!chosen.bin || (" " + data.bins + " ").includes(" " + chosen.bin + " ")) &&
      (!text || textOf(row).includes(text));
  }

  function filter() {
    let kinds = 0, count = 0, of = 0;
    for (const row of rows) {
      const show = wanted(row);
      row.hidden = !show;
      const n = Number(row.dataset.count || 1);
      of += n;
      if (show) { kinds++; count += n; }
    }
    const noun = rows.length === 1 ? status.dataset.one : status.dataset.many;
    status.textContent = kinds + " of " + rows.length + " " + noun + (of === rows.length ? "" : ", " + count + " of " + of + " resets");
    if (nothing) nothing.hidden = kinds > 0;
    for (const b of all("[data-field]")) {
      const field = b.dataset.field;
      const now = field in chosen ? chosen[field] : value(field);
      b.setAttribute("aria-pressed", String(now !== "" && now === b.dataset.value));
    }
  }

  if (tools) {
    for (const [name, key] of [["cause", "cause"], ["sender", "sender"], ["strength", "strengthname"], ["family", "family"], ["result", "result"]]) {
      const select = tools.elements[name];
      if (!select) continue;
      for (const v of Array.from(new Set(rows.map((r) => r.dataset[key]))).sort()) select.add(new Option(v, v));
    }
    tools.hidden = false;
    tools.addEventListener("input", filter);
    tools.addEventListener("submit", (e) => e.preventDefault());
    tools.addEventListener("reset", () => {
      chosen.hosts = chosen.bin = "";
      setTimeout(filter);
    });
    for (const b of all("[data-do]", tools)) {
      b.addEventListener("click", () => {
        for (const d of all("tbody:not([hidden]) > tr > td > details", table)) d.open = b.dataset.do === "open";
      });
    }
    for (const b of all("[data-field]")) {
      b.addEventListener("click", () => {
        const field = b.dataset.field;
        const next = b.getAttribute("aria-pressed") === "true" ? "" : b.dataset.value;
        if (field in chosen) chosen[field] = next;
        else tools.elements[field].value = next;
        filter();
      });
    }
    filter();
  }

  // Sorting: a button in each head that can sort.
  for (const th of table && rows.length > 1 ? all("th[data-sort]", table) : []) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...th.childNodes);
    th.append(button);
    button.addEventListener("click", () => {
      const down = th.getAttribute("aria-sort") === "ascending";
      for (const other of all("th[aria-sort]", table)) other.removeAttribute("aria-sort");
      th.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = th.dataset.sort, sign = down ? -1 : 1;
      const by = th.dataset.order === "number"
        ? (a, b) => Number(a.dataset[key]) - Number(b.dataset[key])
        : (a, b) => (a.dataset[key] < b.dataset[key] ? -1 : a.dataset[key] > b.dataset[key] ? 1 : 0);
      table.append(...rows.sort((a, b) => sign * by(a, b)));
    });
  }

  // One tab stop for a group of like things; the arrow keys move in it.
  function roving(group, items) {
    items.forEach((item, i) => item.setAttribute("tabindex", i ? "-1" : "0"));
    group.addEventListener("keydown", (e) => {
      const at = items.indexOf(document.activeElement);
      const to = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: items.length - 1 }[e.key];
      if (at < 0 || to === undefined || !items[to]) return;
      e.preventDefault();
      items[at].setAttribute("tabindex", "-1");
      items[to].setAttribute("tabindex", "0");
      items[to].focus();
    });
  }
  for (const s of all(".strip")) roving(s, all("button", s));

  // The fields of a packet, on hover and on focus.
  const card = document.createElement("div");
  card.className = "fields";
  card.hidden = true;
  card.setAttribute("aria-hidden", "true"); // the packet's label says the same
  const ready = new Set();

  function ladderOf(seg) {
    const figure = seg.closest(".ladder");
    if (!ready.has(figure)) {
      ready.add(figure);
      const segs = all(".seg", figure);
      for (const t of all(".seg > title", figure)) { // the card stands in its place
        t.parentNode.setAttribute("aria-label", t.textContent);
        t.remove();
      }
      roving(figure, segs);
    }
    return figure;
  }

  function show(seg) {
    const figure = ladderOf(seg);
    card.textContent = seg.getAttribute("aria-label");
    figure.append(card);
    card.hidden = false;
    const box = figure.getBoundingClientRect(), at = seg.getBoundingClientRect();
    card.style.top = at.bottom - box.top + 4 + "px";
    card.style.left = Math.max(0, Math.min(at.left - box.left + 150, box.width - card.offsetWidth)) + "px";
  }

  const segOf = (e) => (e.target.closest ? e.target.closest(".seg") : null);
  for (const type of ["pointerover", "focusin"]) {
    document.addEventListener(type, (e) => {
      const seg = segOf(e);
      if (seg) show(seg);
      else if (type === "focusin" || !document.activeElement.closest(".seg")) card.hidden = true;
      else show(document.activeElement.closest(".seg"));
    });
  }
  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape") card.hidden = true;
  });

  // A link leads to what may stand in a closed part: open it, and go there.
  document.addEventListener("click", (e) => {
    const link = e.target.closest && e.target.closest('a[href^="#"]');
    const target = link && document.getElementById(link.getAttribute("href").slice(1));
    if (!target) return;
    for (let d = target.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
    if (target.matches(".seg")) {
      e.preventDefault();
      for (const seg of all(".seg", ladderOf(target))) seg.setAttribute("tabindex", seg === target ? "0" : "-1");
      target.focus();
      target.scrollIntoView({ block: "center" });
    }
  });

  // Paper can't be unfolded.
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = all("details:not([open])").filter((d) => !d.matches(".text, .members"));
    for (const d of folded) d.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const d of folded) d.open = false;
  });
})();
