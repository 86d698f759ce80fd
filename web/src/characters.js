// Python's strings count characters (code points), JavaScript's UTF-16 units. All offsets outside sentences.js are Python's.

const ALPHANUMERIC = /[\p{L}\p{N}]/u;
const LOWER = /^\p{Lowercase}/u;
const SPACES = "[\\t-\\r\\x1c-\\x1f\\x85\\p{Z}]";
const SPACE = new RegExp(SPACES, "gu");
const OUTER_SPACE = new RegExp(`^${SPACES}+|${SPACES}+$`, "gu");

/** str.isalnum of one character, or whether any of several is. */
export const isAlphanumeric = (text) => ALPHANUMERIC.test(text);

/** str.islower of the first character. */
export const startsLower = (text) => LOWER.test(text);

/** str.strip */
export const strip = (text) => text.replace(OUTER_SPACE, "");

/** str.split, of a text that is not blank. */
export const words = (text) => strip(text).split(SPACE).filter(Boolean);

/** re.sub(r"\s", " ", text) */
export const plainSpaces = (text) => text.replace(SPACE, " ");

/** len(text) */
export const length = (text) => [...text].length;

/** Where each character of a text begins in UTF-16 units, and where the last ends. */
export function unitOffsets(text) {
  const offsets = [0];
  for (const character of text) offsets.push(offsets.at(-1) + character.length);
  return offsets;
}
