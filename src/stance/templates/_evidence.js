"use strict";
// The evidence table: what the address asks for, the controls and the rows follow each other. Text is only ever text.
(() => {
  const PAGE = 50;
  const FIELDS = ["actor", "label", "issue", "period"];
  const at = (id) => document.getElementById(`evidence-${id}`);
  const data = JSON.parse(at("data").textContent);
  const headers = [...document.querySelectorAll("#evidence th button")];
  const compare = new Intl.Collator("en").compare;

  const stances = data.rows.map(([date, period, actor, label, issue, sentence, report, position, probability], place) => ({
    place, date, label, issue, position, probability, period: data.periods[period], periodPlace: period,
    actor: data.actors[actor], sentence: data.sentences[sentence], report: data.reports[report],
  }));
  for (const one of stances) one.text = `${one.sentence}\n${one.actor}\n${one.report}`.toLowerCase();

  const ORDERS = {
    date: (a, b) => a.place - b.place,
    actor: (a, b) => compare(a.actor, b.actor),
    label: (a, b) => compare(a.label, b.label),
    issue: (a, b) => compare(a.issue, b.issue),
    sentence: (a, b) => compare(a.sentence, b.sentence),
    probability: (a, b) => a.probability - b.probability,
  };

  const CELLS = {
    date: (one) => one.date,
    actor: (one) => one.actor,
    label: (one) => element("b", `tag ${one.label}`, one.label),
    issue: (one) => one.issue,
    sentence: (one) => [element("span", "", one.sentence), element("small", "", `${one.report} · sentence ${one.position}`)],
    probability: (one) => one.probability.toFixed(2),
  };

  let wanted = {};  // field, q and sort as in the address
  let found = [];
  let page = 1;

  function element(name, classes, text) {
    const made = document.createElement(name);
    made.className = classes;
    made.dir = "auto";
    made.textContent = text;
    return made;
  }

  function read(query) {
    const asked = new URLSearchParams(query);
    wanted = {};
    for (const name of [...FIELDS, "q", "sort"]) if (asked.get(name)) wanted[name] = asked.get(name);
    if (!Object.hasOwn(ORDERS, (wanted.sort || "").replace("-", ""))) delete wanted.sort;
    page = Number.parseInt(asked.get("page"), 10) || 1;
    for (const name of FIELDS) at(name).value = wanted[name] || "";
    at("q").value = wanted.q || "";
  }

  function choose() {
    const words = (wanted.q || "").toLowerCase().split(/\s+/).filter(Boolean);
    const [, down, column] = /^(-?)(.*)$/.exec(wanted.sort || "date");
    const sign = down ? -1 : 1;
    found = stances.filter((one) =>
      FIELDS.every((name) => !wanted[name] || one[name] === wanted[name]) && words.every((word) => one.text.includes(word)));
    found.sort((a, b) => sign * ORDERS[column](a, b) || a.place - b.place);
    for (const button of headers) {
      const order = button.dataset.column === column ? (down ? "descending" : "ascending") : "none";
      button.parentElement.setAttribute("aria-sort", order);
    }
  }

  function row(one) {
    const line = document.createElement("tr");
    line.setAttribute("role", "row");
    for (const { dataset: { column } } of headers) {
      const cell = element("td", column, "");
      cell.setAttribute("role", "cell");
      cell.append(...[CELLS[column](one)].flat());
      line.append(cell);
    }
    return line;
  }

  function show() {
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    page = Math.min(Math.max(page, 1), pages);
    const first = (page - 1) * PAGE;
    const rows = found.slice(first, first + PAGE);
    at("rows").replaceChildren(...rows.map(row));
    const all = `${stances.length} row${stances.length === 1 ? "" : "s"}`;
    const unknown = FIELDS.filter((name) => wanted[name] && at(name).selectedIndex < 0).map((name) => `${name} “${wanted[name]}”`);
    at("shown").textContent = unknown.length
      ? `The link asks for ${unknown.join(" and ")}, which is not in this report.`
      : `${rows.length ? `${first + 1} to ${first + rows.length} of ` : ""}${found.length} found, of ${all}.`;
    at("page").textContent = `Page ${page} of ${pages}`;
    at("previous").disabled = page === 1;
    at("next").disabled = page === pages;
  }

  function write() {
    const asked = new URLSearchParams(wanted);
    if (page > 1) asked.set("page", page);
    const address = `#evidence${String(asked) && `?${asked}`}`;
    at("link").setAttribute("href", address);
    return address;
  }

  function changed() {
    choose();
    show();
    history.replaceState(null, "", write());
  }

  function follow() {
    const [place, query] = location.hash.split(/\?(.*)/s);
    const isAsked = place === "#evidence";
    read(isAsked ? query || "" : "");
    choose();
    show();
    write();
    if (isAsked && query) {
      at("heading").scrollIntoView();
      at("heading").focus({ preventScroll: true });
    }
  }

  function turn(by) {
    page += by;
    changed();
    at("shown").scrollIntoView({ block: "nearest" });
  }

  for (const name of [...FIELDS, "q"]) {
    at(name).addEventListener("input", () => {
      if (at(name).value) wanted[name] = at(name).value; else delete wanted[name];
      page = 1;
      changed();
    });
  }
  for (const button of headers) {
    button.addEventListener("click", () => {
      const { column } = button.dataset;
      wanted.sort = (wanted.sort || "date") === column ? `-${column}` : column;
      page = 1;
      changed();
    });
  }
  at("previous").addEventListener("click", () => turn(-1));
  at("next").addEventListener("click", () => turn(1));
  at("all").addEventListener("click", () => { read(""); changed(); });
  window.addEventListener("hashchange", () => { if (location.hash.startsWith("#evidence")) follow(); });

  document.documentElement.classList.add("scripted");
  follow();
})();
