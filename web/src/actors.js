// stance/actors.py: who is named in a sentence, and who "he", "the ministry" or an unnamed speaker continues to be.

import { isAlphanumeric, plainSpaces } from "./characters.js";

const ALIASES = Symbol("the aliases that end here");
const SEPARATOR = "; "; // _SEPARATOR

export class ActorTable {
  /** `aliases` are rows [actor, alias, whether it is a party, since, until]; dates are ISO or empty. */
  constructor(aliases) {
    this.asWritten = trie(aliases, plain);
    this.inCapitals = trie(aliases, (alias) => plain(alias).toUpperCase());
  }

  /** ActorTable.find: the parties named on `date`, in order of appearance, not overlapping. */
  find(text, date) {
    const characters = [...plain(text)];
    const index = isUpper(text) ? this.inCapitals : this.asWritten;
    const mentions = [];
    let covered = 0;
    for (let start = 0; start < characters.length; start++) {
      if (start < covered) continue;
      for (const [end, aliases] of matches(index, characters, start)) {
        const holders = aliases.filter((alias) => holdsOn(alias, date));
        if (!holders.length) continue;
        const latest = holders.reduce((best, alias) => (alias.since > best.since ? alias : best));
        if (latest.isParty) mentions.push({ actor: latest.actor, start, end });
        covered = end;
        break;
      }
    }
    return mentions;
  }
}

/** _Index: character to trie, by what `pattern` makes of each alias; stands for the AhoCorasick automaton. */
function trie(aliases, pattern) {
  const root = new Map();
  for (const [actor, alias, isParty, since, until] of aliases) {
    let node = root;
    for (const character of pattern(alias)) {
      if (!node.has(character)) node.set(character, new Map());
      node = node.get(character);
    }
    if (!node.has(ALIASES)) node.set(ALIASES, []);
    node.get(ALIASES).push({ actor, isParty, since, until });
  }
  return root;
}

/** _Index.matches: the aliases that stand at `start` as whole words, longest first. */
function matches(root, characters, start) {
  const found = [];
  let node = root.get(characters[start]);
  for (let end = start + 1; node; end++) {
    if (node.has(ALIASES) && isWholeWord(characters, start, end)) found.unshift([end, node.get(ALIASES)]);
    node = node.get(characters[end]);
  }
  return found;
}

/** str.isupper: whether all letters are capitals, and there is one. */
const isUpper = (text) => /\p{Lu}/u.test(text) && !/[\p{Ll}\p{Lt}]/u.test(text);

/** ExampleBuilder without an outlet: makes of the sentences of one text, added in order, what to ask the classifier. */
export class ExampleBuilder {
  constructor(table, date, nCarriedSentences) {
    this.table = table;
    this.date = date;
    this.nCarriedSentences = nCarriedSentences;
    this.earlier = []; // parties of the sentences that name any, latest first
    this.before = ["", new Map()]; // the sentence before and the parties it names
  }

  add(sentence) {
    const named = new Map();
    for (const { actor, start, end } of this.table.find(sentence, this.date)) {
      named.set(actor, [...(named.get(actor) ?? []), [start, end]]);
    }
    const carried = new Set(this.earlier.flat().filter((actor) => !named.has(actor)));
    const before = named.size ? ["", new Map()] : this.before;
    const [context, carriedCandidates] = inContext([...carried], ...before);
    const candidates = [...named].map(([actor, spans]) => ({ actor, spans, contextSpans: [] }));
    if (named.size) this.earlier = [[...named.keys()], ...this.earlier].slice(0, this.nCarriedSentences);
    this.before = [sentence, named];
    return { sentence, context, candidates: [...candidates, ...carriedCandidates] };
  }
}

/** _example: the context, and the parties carried over with their places in it. */
function inContext(carried, before, namedBefore) {
  const start = carried.reduce((length, actor) => length + [...actor].length + SEPARATOR.length, 0);
  let place = 0;
  const candidates = carried.map((actor) => {
    const span = [place, place + [...actor].length];
    place = span[1] + SEPARATOR.length;
    const inBefore = (namedBefore.get(actor) ?? []).map(([first, after]) => [start + first, start + after]);
    return { actor, spans: [], contextSpans: [span, ...inBefore] };
  });
  return [[...carried, ...(before ? [before] : [])].join(SEPARATOR), candidates];
}

/** Alias.holds_on; ISO dates sort as text. */
const holdsOn = ({ since, until }, date) => !date || (since <= date && (!until || date < until));

/** _plain */
const plain = (text) => plainSpaces(text.replaceAll("’", "'"));

/** _is_whole_word */
function isWholeWord(characters, start, end) {
  const isJoined = (index) => index > 0 && index < characters.length &&
    isAlphanumeric(characters[index - 1]) && isAlphanumeric(characters[index]);
  return !isJoined(start) && !isJoined(end);
}
