// stance/sentences.py: a text to sentences; what is text is split and located, what is page furniture is dropped.

import { get_sentence_boundaries } from "../vendor/sentencex_wasm.js";
import { isAlphanumeric, length, startsLower, strip, unitOffsets, words } from "./characters.js";

export class Splitter {
  /** `rules` are the patterns and limits of sentences.py as web/build.py exports them. */
  constructor(rules) {
    const pattern = (name, flags) => new RegExp(rules.patterns[name].source, rules.patterns[name].flags + flags);
    const whole = (name) => new RegExp(`^(?:${rules.patterns[name].source})$`, rules.patterns[name].flags);
    this.limits = rules.limits;
    this.line = pattern("_LINE", "g");
    this.endOfArticle = whole("_END_OF_ARTICLE");
    this.linkList = whole("_LINK_LIST");
    this.furniture = whole("_FURNITURE");
    this.bullet = pattern("_BULLET", "y");
    this.creditTail = pattern("_CREDIT_TAIL", "");
    this.domain = pattern("_DOMAIN", "g");
    this.finalNo = pattern("_FINAL_NO", "g");
    this.stripped = new RegExp(`^[${rules.stripped}]+|[${rules.stripped}]+$`, "gu");
  }

  /** split: the sentences of a text without a title, `{text, start, end}`, in order. */
  split(text) {
    const sentences = [];
    let unit = 0;
    let character = 0;
    for (const [blockStart, blockEnd] of this.textBlocks(text)) {
      const block = text.slice(blockStart, blockEnd);
      for (const [start, end] of this.sentenceRanges(block)) {
        const raw = block.slice(start, end);
        const sentence = raw.replace(this.stripped, "");
        if (!isAlphanumeric(sentence)) continue;
        const first = blockStart + start + raw.indexOf(sentence);
        character += length(text.slice(unit, first));
        unit = first;
        sentences.push({ text: sentence, start: character, end: character + length(sentence) });
      }
    }
    return sentences;
  }

  /** _sentence_ranges, in UTF-16 units of the block. */
  *sentenceRanges(block) {
    const units = unitOffsets(block);
    for (const boundary of get_sentence_boundaries("en", block)) {
      let start = units[boundary.start_index];
      const end = units[boundary.end_index];
      this.finalNo.lastIndex = start;
      for (const extra of block.slice(0, end).matchAll(this.finalNo)) {
        yield [start, extra.index + extra[0].length];
        start = extra.index + extra[0].length;
      }
      yield [start, end];
    }
  }

  /** _text_blocks, in UTF-16 units of the text. */
  *textBlocks(text) {
    let inLinkList = false;
    let block = null;
    for (const match of text.matchAll(this.line)) {
      const start = match.index;
      const line = strip(match[0]);
      if (!line) continue;
      if (this.endOfArticle.test(line.replace(/[. ]+$/, ""))) break;
      inLinkList = this.linkList.test(line) || (inLinkList && this.bulletEnd(line, 0) > 0);
      if (inLinkList || this.isFurniture(line)) continue;
      const end = start + this.withoutCredit(match[0]).length;
      const isNextLine = block && text.slice(block[1], start).split("\n").length === 2;
      if (isNextLine && startsLower(line)) {
        block = [block[0], end];
        continue;
      }
      if (block) yield block;
      block = [this.bulletEnd(text, start) || start, end];
    }
    if (block) yield block;
  }

  /** _is_furniture */
  isFurniture(line) {
    const { links_per_line, furniture_length, word_length } = this.limits;
    const isLinkFarm =
      [...line.matchAll(this.domain)].length > links_per_line && Math.max(...words(line).map(length)) > word_length;
    return isLinkFarm || (length(line) <= furniture_length && this.furniture.test(line));
  }

  /** _without_credit */
  withoutCredit(line) {
    const tail = [...line].slice(-this.limits.furniture_length).join("");
    const credit = this.creditTail.exec(tail);
    return credit ? line.slice(0, line.length - tail.length + credit.index) : line;
  }

  /** Where the bullet that stands at `index` ends, 0 where none stands there. */
  bulletEnd(text, index) {
    this.bullet.lastIndex = index;
    return this.bullet.test(text) ? this.bullet.lastIndex : 0;
  }
}
