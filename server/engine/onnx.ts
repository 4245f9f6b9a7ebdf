import { InferenceSession, Tensor } from 'onnxruntime-node';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { ModelCard } from '../../contracts/model-card.ts';
import type { ColumnBatch, Engine } from './engine.ts';

const TENSOR_TYPES = { number: 'float32', category: 'string' } as const;

/** What of the card the engine needs. */
export type GraphContract = Pick<ModelCard, 'inputs' | 'output'>;

/**
 * The reference engine: any graph that onnxruntime runs. One thread: pods scale, threads spin (reference/serving.md 1.5).
 * `session.run` is one `setImmediate` and a synchronous native call, so runs never overlap.
 */
export class OnnxEngine implements Engine {
  readonly name = 'onnx';
  readonly #session: InferenceSession;
  readonly #graph: GraphContract;

  private constructor(session: InferenceSession, graph: GraphContract) {
    this.#session = session;
    this.#graph = graph;
  }

  /**
   * Loads a graph from verified bytes (never from a path: a graph on a path may point at other files).
   * @throws ChurnOpsError GraphInvalid when onnxruntime refuses it or its inputs and output are not those of the card
   */
  static async load(graph: Uint8Array, contract: GraphContract): Promise<OnnxEngine> {
    let session: InferenceSession;
    try {
      session = await InferenceSession.create(graph, { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', logSeverityLevel: 3 });
    } catch (cause) {
      throw new ChurnOpsError('GraphInvalid', `onnxruntime cannot load model.onnx: ${firstLine(cause)}`, { cause });
    }
    const problem = graphProblem(session, contract);
    if (problem === undefined) return new OnnxEngine(session, contract);
    await session.release();
    throw new ChurnOpsError('GraphInvalid', `model.onnx does not fit its card: ${problem}`);
  }

  async score(batch: ColumnBatch): Promise<Float64Array> {
    const { inputs, output } = this.#graph;
    const shape = [batch.rows, 1];
    const feeds: Record<string, Tensor> = {};
    for (const [index, column] of batch.columns.entries()) {
      const input = inputs[index];
      if (input === undefined) throw new ChurnOpsError('Internal', 'a batch has more columns than the card');
      feeds[input.name] = column instanceof Float32Array ? new Tensor('float32', column, shape) : new Tensor('string', column, shape);
    }
    const probabilities = await this.#run(feeds);
    if (!(probabilities instanceof Float32Array) || probabilities.length !== batch.rows * 2) {
      throw new ChurnOpsError('ScoringFailed', `output ${output.probabilities} of the graph is not float [${batch.rows},2]`);
    }
    const scores = new Float64Array(batch.rows);
    for (let row = 0; row < batch.rows; row += 1) scores[row] = probabilities[row * 2 + output.positiveIndex] ?? Number.NaN;
    return scores;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  async #run(feeds: Readonly<Record<string, Tensor>>): Promise<unknown> {
    const name = this.#graph.output.probabilities;
    try {
      const results = await this.#session.run(feeds, [name]);
      return results[name]?.data;
    } catch (cause) {
      throw new ChurnOpsError('ScoringFailed', 'onnxruntime failed on the batch', { cause });
    }
  }
}

function firstLine(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : 'unknown error').split('\n', 1).join('').slice(0, 300);
}

function graphProblem(session: InferenceSession, { inputs, output }: GraphContract): string | undefined {
  const known = new Set(inputs.map((input) => input.name));
  const extra = session.inputNames.filter((name) => !known.has(name));
  if (extra.length > 0) return `the card lacks the graph's inputs ${extra.slice(0, 5).join(', ')}`;
  for (const input of inputs) {
    const found = session.inputMetadata.find((metadata) => metadata.name === input.name);
    if (found === undefined) return `the graph has no input ${input.name}`;
    const type = found.isTensor ? found.type : 'no tensor';
    if (type !== TENSOR_TYPES[input.type]) return `input ${input.name} is ${type}, the card's ${input.type} needs ${TENSOR_TYPES[input.type]}`;
  }
  const found = session.outputMetadata.find((metadata) => metadata.name === output.probabilities);
  if (found === undefined) return `the graph has no output ${output.probabilities}`;
  if (!found.isTensor || found.type !== 'float32') return `output ${output.probabilities} is no float tensor (export without ZipMap)`;
  return undefined;
}
