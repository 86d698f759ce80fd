// stance/classify.py: sentences, parties and the released model joined.

import { initSync } from "../vendor/sentencex_wasm.js";
import { ActorTable, ExampleBuilder } from "./actors.js";
import { IssueContext } from "./context.js";
import { ExampleEncoder } from "./encoding.js";
import { unpacked, unpackedJson } from "./files.js";
import { DecisionRule } from "./predictions.js";
import { OnnxClassifier } from "./runtime.js";
import { Splitter } from "./sentences.js";
import { WordPiece } from "./wordpiece.js";

let loading = null;

/** load_classifier: the classifier behind the page, each file of which is loaded once. `progress` hears bytes of bytes. */
export function loadClassifier(progress = () => {}) {
  loading ??= load(progress).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function load(progress) {
  const tables = await unpackedJson("stance.json.gz");
  let nBytes = 0;
  const count = (more) => progress((nBytes += more), tables.n_bytes);
  const [tokenizer, model, runtime, splitter] = await Promise.all([
    unpackedJson("tokenizer.json.gz"),
    unpacked("model.onnx.gz", count),
    unpacked("vendor/ort-wasm-simd-threaded.wasm.gz", count),
    unpacked("vendor/sentencex_wasm_bg.wasm.gz", count),
  ]);
  initSync({ module: splitter });
  const encoder = new ExampleEncoder(new WordPiece(tokenizer), tables.encoding);
  return new StanceClassifier(await OnnxClassifier.load(model, runtime, encoder), tables);
}

/** StanceClassifier: the model and the alias table, ready for text. */
export class StanceClassifier {
  constructor(model, tables) {
    this.model = model;
    this.tables = tables;
    this.table = new ActorTable(tables.actors);
    this.splitter = new Splitter(tables.sentences);
    this.rule = new DecisionRule(tables.rule, tables.labels, tables.issues);
  }

  /**
   * classify_report of a text whose outlet is not told: for each sentence `{text, start, end, label, labels,
   * probabilities, stances}`, offsets in characters as Python counts them. `date` is ISO or empty. `progress` hears how
   * many sentences of how many are done.
   */
  async sentences(text, date, progress = () => {}) {
    const surrogate = text.search(/\p{Surrogate}/u);
    if (surrogate >= 0) throw new Error(`A lone surrogate at character ${surrogate}; the text must be valid Unicode.`);
    const sentences = this.splitter.split(text);
    const builder = new ExampleBuilder(this.table, date, this.tables.n_carried_sentences);
    const examples = sentences.map((sentence) => builder.add(sentence.text));
    const answers = await this.model.predictProba(examples, (nDone) => progress(nDone, examples.length));
    const context = new IssueContext(this.tables.context);
    return sentences.map((sentence, index) => this.decide(sentence, examples[index], context.add(answers[index])));
  }

  /** StanceClassifier._decide */
  decide(sentence, example, answer) {
    const calibrated = this.rule.calibrate(answer);
    const labels = this.rule.labels(calibrated);
    return {
      ...sentence,
      label: labels[0] ?? this.tables.none,
      labels,
      probabilities: calibrated.labels[0],
      stances: this.rule.stances(example, calibrated),
    };
  }
}
