// stance/encoding.py: examples to model inputs.

export class ExampleEncoder {
  constructor(tokenizer, limits) {
    this.tokenizer = tokenizer;
    this.limits = limits;
    this.cls = tokenizer.id("[CLS]");
    this.sep = tokenizer.id("[SEP]");
  }

  /** ExampleEncoder.encode of one example: `{inputIds, tokenTypeIds, queryWeights}`, a row of weights per query. */
  encode(example) {
    const { sentence_tokens, context_tokens, characters } = this.limits;
    const tokens = (text, most) => {
      const { ids, offsets } = this.tokenizer.encode([...text].slice(0, characters).join(""));
      return { ids: ids.slice(0, most), offsets: offsets.slice(0, most) };
    };
    return this.join(example, tokens(example.sentence, sentence_tokens), tokens(example.context, context_tokens));
  }

  /** ExampleEncoder._join */
  join(example, sentence, context) {
    const tail = context.ids.length ? [...context.ids, this.sep] : [];
    const inputIds = [this.cls, ...sentence.ids, this.sep, ...tail];
    const tokenTypeIds = inputIds.map((_, index) => (index < inputIds.length - tail.length ? 0 : 1));
    const inContext = 2 + sentence.ids.length;
    const whole = inputIds.map((_, index) => (index >= 1 && index <= sentence.ids.length ? 1 : 0));
    const rows = [whole];
    for (const { spans, contextSpans } of example.candidates) {
      const row = inputIds.map(() => 0);
      const isMarked =
        mark(row, 1, sentence.offsets, spans) || mark(row, inContext, context.offsets, contextSpans);
      rows.push(isMarked ? row : whole);
    }
    if (!sentence.ids.length) for (const row of rows) row[0] = 1;
    return { inputIds, tokenTypeIds, queryWeights: rows.map(shares) };
  }
}

/** pad: the network's inputs for a batch, as `[type, data, shape]`. */
export function pad(encoded) {
  const nTokens = Math.max(...encoded.map(({ inputIds }) => inputIds.length));
  const nQueries = Math.max(...encoded.map(({ queryWeights }) => queryWeights.length));
  const ids = () => new BigInt64Array(encoded.length * nTokens);
  const [inputIds, attentionMask, tokenTypeIds] = [ids(), ids(), ids()];
  const weights = new Float32Array(encoded.length * nQueries * nTokens);
  for (const [row, item] of encoded.entries()) {
    for (const [index, id] of item.inputIds.entries()) {
      inputIds[row * nTokens + index] = BigInt(id);
      attentionMask[row * nTokens + index] = 1n;
      tokenTypeIds[row * nTokens + index] = BigInt(item.tokenTypeIds[index]);
    }
    for (const [query, shares] of item.queryWeights.entries()) weights.set(shares, (row * nQueries + query) * nTokens);
  }
  const shape = [encoded.length, nTokens];
  return {
    input_ids: ["int64", inputIds, shape],
    attention_mask: ["int64", attentionMask, shape],
    token_type_ids: ["int64", tokenTypeIds, shape],
    query_weights: ["float32", weights, [encoded.length, nQueries, nTokens]],
  };
}

/** batches_by_length: indices of `encoded` in batches of like length. */
export function* batchesByLength(encoded, batchSize) {
  const order = [...encoded.keys()].sort((a, b) => encoded[a].inputIds.length - encoded[b].inputIds.length);
  for (let first = 0; first < order.length; first += batchSize) yield order.slice(first, first + batchSize);
}

/** _Offsets.mark: writes 1 for each token that overlaps one of `spans`; whether there is any. */
function mark(row, first, offsets, spans) {
  let isMarked = false;
  for (const [start, end] of spans) {
    for (const [index, [tokenStart, tokenEnd]] of offsets.entries()) {
      if (tokenEnd <= start || tokenStart >= end) continue;
      row[first + index] = 1;
      isMarked = true;
    }
  }
  return isMarked;
}

function shares(row) {
  const sum = row.reduce((total, weight) => total + weight, 0);
  return row.map((weight) => weight / sum);
}
