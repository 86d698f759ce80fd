// stance/predictions.py: from probabilities to stances.

export class DecisionRule {
  /** `rule` is that of meta.json, with `holder_floor`; `labels` and `issues` are the codebook's, in its order. */
  constructor(rule, labels, issues) {
    this.rule = rule;
    this.allLabels = labels;
    this.allIssues = issues;
  }

  /** DecisionRule.calibrate */
  calibrate({ labels, issues }) {
    const calibrated = (probability) => {
      const clipped = Math.min(Math.max(probability, 1e-6), 1 - 1e-6);
      return 1 / (1 + Math.exp(-Math.log(clipped / (1 - clipped)) / this.rule.temperature));
    };
    return { labels: labels.map((row) => row.map(calibrated)), issues };
  }

  /** DecisionRule.labels: the labels that hold for the sentence, likeliest first. */
  labels(calibrated) {
    const [sentence] = calibrated.labels;
    return [...sentence.keys()]
      .filter((index) => sentence[index] >= this.rule.label_threshold)
      .sort((a, b) => sentence[b] - sentence[a])
      .map((index) => this.allLabels[index]);
  }

  /** DecisionRule.stances: `{actor, label, issue, probability}`; the empty actor is nobody named. */
  stances(example, calibrated) {
    const found = [];
    for (const label of this.labels(calibrated)) {
      const column = this.allLabels.indexOf(label);
      for (const query of this.holders(calibrated.labels.slice(1).map((row) => row[column]))) {
        const actor = query ? example.candidates[query - 1].actor : "";
        for (const issue of this.issues(calibrated.issues[query][column])) {
          found.push({ actor, label, issue: this.allIssues[issue], probability: calibrated.labels[query][column] });
        }
      }
    }
    return found;
  }

  /** DecisionRule._holders: query numbers of the holders of a label, 0 where the holder is unclear. */
  holders(candidates) {
    const over = [...candidates.keys()].filter((index) => candidates[index] >= this.rule.actor_threshold);
    const isTold = candidates.length && Math.max(...candidates) >= this.rule.holder_floor * this.rule.actor_threshold;
    if (!over.length && !isTold) return [0];
    return (over.length ? over : [likeliest(candidates)]).map((index) => index + 1);
  }

  /** DecisionRule._issues */
  issues(distribution) {
    const first = likeliest(distribution);
    return [...distribution.keys()].filter(
      (index) => index === first || distribution[index] >= this.rule.issue_threshold,
    );
  }
}

const likeliest = (values) => values.indexOf(Math.max(...values));
