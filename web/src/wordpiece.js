// The tokenizer that Python has from the package tokenizers: BERT's, uncased, as tokenizer.json describes it.

const CONTROL = /[\p{Cc}\p{Cf}\p{Co}]/u;
const SPACE = /\p{Z}/u;
const ACCENT = /\p{Mn}/u;
const PUNCTUATION = /[!-/:-@[-`{-~\p{P}]/u;
const IDEOGRAPH =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/u;

export class WordPiece {
  /** `description` is what tokenizer.json holds. */
  constructor(description) {
    const { vocab, unk_token, continuing_subword_prefix, max_input_chars_per_word } = description.model;
    this.vocabulary = new Map(Object.entries(vocab));
    this.unknown = vocab[unk_token];
    this.prefix = continuing_subword_prefix;
    this.longestWord = max_input_chars_per_word;
    const special = description.added_tokens.map(({ content }) => content.replace(/[[\]]/g, "\\$&"));
    this.special = new RegExp(`(${special.join("|")})`, "u");
  }

  id(token) {
    return this.vocabulary.get(token);
  }

  /** The ids of the tokens of a text, and the range of characters that each stands for. */
  encode(text) {
    const tokens = [];
    let start = 0;
    for (const part of text.split(this.special)) {
      const characters = [...part];
      if (this.special.test(part)) tokens.push([this.id(part), [start, start + characters.length]]);
      else for (const word of wordsOf(characters, start)) tokens.push(...this.pieces(word));
      start += characters.length;
    }
    return { ids: tokens.map(([id]) => id), offsets: tokens.map(([, range]) => range) };
  }

  /** The longest pieces of a word from left to right, or the unknown token where no pieces make it up. */
  pieces(word) {
    const range = (first, last) => [word[first].place, word[last].place + 1];
    const unknown = [[this.unknown, range(0, word.length - 1)]];
    if (word.length > this.longestWord) return unknown;
    const idOf = (first, after) => {
      const piece = word.slice(first, after).map(({ character }) => character).join("");
      return this.id(first ? this.prefix + piece : piece);
    };
    const pieces = [];
    for (let first = 0, after; first < word.length; first = after) {
      after = word.length;
      let id = idOf(first, after);
      while (id === undefined && --after > first) id = idOf(first, after);
      if (id === undefined) return unknown;
      pieces.push([id, range(first, after - 1)]);
    }
    return pieces;
  }
}

/** The words and punctuation marks of a text as lists of `{character, place}`: lower case, without accents. */
function* wordsOf(characters, start) {
  let word = [];
  for (const [index, original] of characters.entries()) {
    for (const character of normalised(original)) {
      const isAlone = PUNCTUATION.test(character) || IDEOGRAPH.test(original);
      if ((isAlone || character === " ") && word.length) {
        yield word;
        word = [];
      }
      if (isAlone) yield [{ character, place: start + index }];
      else if (character !== " ") word.push({ character, place: start + index });
    }
  }
  if (word.length) yield word;
}

/** The characters that stand for one: none, a space, or its base letters in lower case. */
function normalised(character) {
  if (/[\t\n\r]/.test(character) || SPACE.test(character)) return [" "];
  if (character === "\ufffd" || CONTROL.test(character)) return [];
  return [...character.normalize("NFD")]
    .filter((part) => !ACCENT.test(part))
    .flatMap((part) => [...part.toLowerCase()]);
}
