// The page: its form, its state in words, and what was found. Text of a report only ever enters as textContent.

import { loadClassifier } from "./classify.js";

const MOST_CHARACTERS = 100_000; // about 40 seconds; longer texts are for the package
const NOBODY = "holder unclear";
const EXAMPLE = `Invented report: talks on a truce
Kyiv would negotiate with Moscow only if Russia first faced a war-crimes tribunal.
The Kremlin dismissed the idea and insisted that Ukraine recognise the annexations.
It was ready, however, to exchange all prisoners of war.
Turkey offered to host a meeting in Istanbul next week.
Share this article`;

const element = (id) => document.getElementById(id);
const [form, text, date, file, status, progress] = ["form", "text", "date", "file", "status", "progress"].map(element);
let isReading = false;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(read);
});
element("example").addEventListener("click", () => {
  text.value = EXAMPLE;
  text.focus();
});
file.addEventListener("change", () => attempt(() => open(file.files[0])));
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    text.classList.toggle("over", kind === "dragover");
    const [dropped] = event.dataTransfer?.files ?? [];
    if (kind === "dragover" && event.dataTransfer?.types.includes("Files")) event.preventDefault();
    if (kind !== "drop" || !dropped) return;
    event.preventDefault();
    attempt(() => open(dropped));
  });
}
attempt(load);

/** Do it, or say in words why not. */
async function attempt(task) {
  try {
    await task();
  } catch (error) {
    say(error.message, true);
  }
  progress.hidden = true;
}

function say(words, isWrong = false) {
  status.textContent = words;
  status.classList.toggle("wrong", isWrong);
}

async function load() {
  say("Loading the model, 28 MB …");
  const classifier = await loadClassifier(showProgress);
  element("score").textContent = classifier.tables.macro_f1.toFixed(2);
  say("Ready. From now on the page needs no connection.");
}

async function open(chosen) {
  if (!chosen) return;
  const bytes = await chosen.arrayBuffer();
  try {
    text.value = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${chosen.name} is not a text file in UTF-8. Save it as plain text, or paste its text.`);
  }
  say(`${chosen.name} is filled in.`);
  text.focus();
}

async function read() {
  if (isReading) return;
  isReading = true;
  try {
    element("result").hidden = true;
    const report = checked(text.value);
    const classifier = await loadClassifier(showProgress);
    say("Reading …");
    const sentences = await classifier.sentences(report, date.value, async (nDone, nAll) => {
      showProgress(nDone, nAll);
      await new Promise((resolve) => setTimeout(resolve)); // lets the page draw
    });
    if (!sentences.length) throw new Error("The text holds no sentence.");
    show(sentences, classifier.tables);
  } finally {
    isReading = false;
  }
}

function checked(report) {
  if (!report.trim()) throw new Error("There is no text yet. Paste a report, or fill in the example.");
  if (date.validity.badInput) throw new Error("The date is not complete. Fill it in or clear it.");
  if (report.length > MOST_CHARACTERS) {
    throw new Error(`The text has ${report.length} characters; this page takes ${MOST_CHARACTERS}.`);
  }
  return report;
}

function showProgress(nDone, nAll) {
  progress.hidden = false;
  progress.value = Math.min(1, nDone / nAll);
}

function show(sentences, { issues, colours }) {
  const stances = sentences.flatMap((sentence, index) =>
    sentence.stances.map((stance) => ({ ...stance, holder: stance.actor || NOBODY, sentence, number: index + 1 })),
  );
  const byActor = [...Map.groupBy(stances, ({ holder }) => holder)].sort(([a, its], [b, others]) =>
    (a === NOBODY) - (b === NOBODY) || others.length - its.length || a.localeCompare(b));
  const coloured = (node, label) => {
    node.style.setProperty("--label", colours[label]);
    return node;
  };
  const tag = (label, words = label) => coloured(make("b", { className: "tag" }, words), label);
  element("sentences").replaceChildren(...sentences.map((sentence, index) => sentenceItem(sentence, index, tag, coloured)));
  element("grid").replaceChildren(...gridRows(byActor, issues, tag));
  element("actors").replaceChildren(...byActor.flatMap(([actor, found]) => actorList(actor, found, tag)));
  for (const id of ["grid", "actors"]) element(id).closest("section").hidden = !stances.length;
  element("result").hidden = false;
  const nActors = byActor.filter(([actor]) => actor !== NOBODY).length;
  say(`${count(stances.length, "stance")} of ${count(nActors, "actor")} in ${count(sentences.length, "sentence")}.`);
}

function sentenceItem(sentence, index, tag, coloured) {
  const item = make("li", { id: `sentence-${index + 1}` }, sentence.text);
  if (!sentence.stances.length) return item;
  item.className = "held";
  const held = Map.groupBy(sentence.stances, ({ actor, label }) => `${label} ${actor}`);
  item.append(make("ul", { className: "stances" }, ...[...held.values()].map((stances) => {
    const [{ actor, label }] = stances;
    return make("li", {}, tag(label), ` ${actor || NOBODY}: ${stances.map(({ issue }) => issue).join(", ")}`);
  })));
  return coloured(item, sentence.label);
}

function gridRows(byActor, issues, tag) {
  const used = issues.filter((issue) => byActor.some(([, found]) => found.some((stance) => stance.issue === issue)));
  const head = make("tr", {}, ...["actor", ...used].map((name) => make("th", { scope: "col" }, name)));
  const rows = byActor.map(([actor, found]) => make("tr", {}, make("th", { scope: "row" }, actor), ...used.map((issue) => {
    const byLabel = Map.groupBy(found.filter((stance) => stance.issue === issue), ({ label }) => label);
    const tags = [...byLabel].map(([label, those]) => tag(label, those.length > 1 ? `${label} × ${those.length}` : label));
    return make("td", {}, ...tags);
  })));
  return [make("thead", {}, head), make("tbody", {}, ...rows)];
}

function actorList(actor, found, tag) {
  const items = found.map(({ label, issue, probability, sentence, number }) =>
    make("li", {}, tag(label), ` ${issue}, probability ${probability.toFixed(2)}, `,
      make("a", { href: `#sentence-${number}` }, `sentence ${number}`), make("blockquote", {}, sentence.text)));
  return [make("h3", {}, actor), make("ul", { className: "facts" }, ...items)];
}

/** A new element with its properties and what is in it; strings become text. */
function make(name, properties, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

const count = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;
