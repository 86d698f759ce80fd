// stance/context.py: issues in context.

/** IssueContext: takes the answers to the sentences of one report in order. `limits` are DECAY and FLOOR. */
export class IssueContext {
  constructor({ decay, floor }) {
    this.decay = decay;
    this.floor = floor;
    this.said = null;
  }

  /** IssueContext.add: the answer to the next sentence, its issues weighted by those before it. */
  add({ labels, issues }) {
    const before = this.said;
    const spokenOf = issues[0][0].map((_, issue) => sum(labels[0].map((label, row) => label * issues[0][row][issue])));
    this.said = spokenOf.map((value, issue) => this.decay * ((before?.[issue] ?? 0) + value));
    if (!before) return { labels, issues };
    const total = sum(before);
    const weights = before.map((value) => value / total + this.floor);
    return { labels, issues: issues.map((query) => query.map((row) => normalised(row, weights))) };
  }
}

function normalised(row, weights) {
  const weighted = row.map((value, issue) => value * weights[issue]);
  const total = sum(weighted);
  return weighted.map((value) => value / total);
}

const sum = (values) => values.reduce((total, value) => total + value, 0);
