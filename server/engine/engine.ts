/**
 * Raw columns of some rows, in the order of the card's inputs: Float32Array for a number (NaN where missing),
 * strings for a category ("" where missing). Every column has `rows` values.
 */
export type ColumnBatch = Readonly<{ rows: number; columns: readonly (Float32Array | readonly string[])[] }>;

/** What turns raw rows into probabilities. Engines are `onnx` (the reference) and, where it fits, `compiled`. */
export interface Engine {
  readonly name: 'onnx' | 'compiled';
  /**
   * Probability of the positive class for each row, in order. Not checked for range or finiteness: callers do, per row.
   * @throws ChurnOpsError ScoringFailed when the graph fails on the batch
   */
  score(batch: ColumnBatch): Promise<Float64Array>;
  /** Frees native memory. The engine is not usable afterwards. */
  close(): Promise<void>;
}
