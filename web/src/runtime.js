// stance/runtime.py: runs the released ONNX model, here in WebAssembly on one thread.

import * as ort from "../vendor/ort.wasm.bundle.min.mjs";
import { batchesByLength, pad } from "./encoding.js";

const BATCH_SIZE = 4; // sentences; less than Python's, so that the page stays awake in between. No answer depends on it.

export class OnnxClassifier {
  constructor(session, encoder) {
    this.session = session;
    this.encoder = encoder;
  }

  /** OnnxClassifier.load, from the bytes of the model and of onnxruntime's WebAssembly. */
  static async load(model, wasm, encoder) {
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmBinary = wasm;
    const options = { executionProviders: ["wasm"], graphOptimizationLevel: "disabled" };
    return new OnnxClassifier(await ort.InferenceSession.create(model, options), encoder);
  }

  /**
   * OnnxClassifier.predict_proba: for each example `{labels, issues}`, a row per query. `progress` hears how many
   * examples are done.
   */
  async predictProba(examples, progress) {
    const encoded = examples.map((example) => this.encoder.encode(example));
    const answers = [];
    let nDone = 0;
    for (const batch of batchesByLength(encoded, BATCH_SIZE)) {
      const inputs = Object.entries(pad(batch.map((index) => encoded[index])));
      const feeds = Object.fromEntries(inputs.map(([name, parts]) => [name, new ort.Tensor(...parts)]));
      const { label_logits, issue_logits } = await this.session.run(feeds);
      const labels = rows(label_logits.data, label_logits.dims);
      const issues = rows(issue_logits.data, issue_logits.dims);
      for (const [row, index] of batch.entries()) {
        const nQueries = 1 + examples[index].candidates.length;
        answers[index] = {
          labels: labels[row].slice(0, nQueries).map((logits) => logits.map(sigmoid)),
          issues: issues[row].slice(0, nQueries).map((byLabel) => byLabel.map(softmax)),
        };
      }
      nDone += batch.length;
      await progress(nDone);
    }
    return answers;
  }
}

/** Flat numbers as nested arrays of the shape `dims`. */
function rows(data, dims) {
  if (dims.length === 1) return Array.from(data);
  const size = data.length / dims[0];
  return Array.from({ length: dims[0] }, (_, row) => rows(data.subarray(row * size, (row + 1) * size), dims.slice(1)));
}

/** _sigmoid */
const sigmoid = (logit) => 1 / (1 + Math.exp(-logit));

/** _softmax */
function softmax(logits) {
  const largest = Math.max(...logits);
  const exponentials = logits.map((logit) => Math.exp(logit - largest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}
