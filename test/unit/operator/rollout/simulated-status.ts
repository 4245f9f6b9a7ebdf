import { ChurnModelStatus } from '../../../../contracts/churn-model/status.ts';
import { rolloutStateOf } from '../../../../operator/observation/rollout-state.ts';
import type { RolloutState } from '../../../../operator/rollout/state.ts';
import { deepFreeze } from '../../../../operator/runtime/object-parsing.ts';
import { rolloutRecord } from '../../../../operator/status/rollout-record.ts';

const EMPTY = '{}';

/** What of a status is lost. */
export type LostPart = 'All' | 'Stable' | 'Inspection';

/** One status, as JSON, as the API server keeps it. Read far more often than written: each text is parsed once. */
export class SimulatedStatus {
  #text = EMPTY;
  #state: RolloutState | undefined;

  get text(): string {
    return this.#text;
  }

  /** What an operator reads that starts now; frozen, for the next one reads the same. */
  get state(): RolloutState {
    this.#state ??= deepFreeze(rolloutStateOf(ChurnModelStatus.parse(JSON.parse(this.#text))));
    return this.#state;
  }

  write(state: RolloutState): void {
    this.#become(JSON.stringify(rolloutRecord(state)));
  }

  /** Someone, or a restored backup, empties it, or prunes a part of it. */
  lose(part: LostPart): void {
    const { state } = this;
    const { candidate } = state;
    if (part === 'All') this.#become(EMPTY);
    if (part === 'Stable') this.write({ ...state, stable: undefined });
    if (part === 'Inspection' && candidate?.stage === 'Deployed') this.write({ ...state, candidate: { ...candidate, inspectionKey: undefined, message: undefined, report: undefined } });
  }

  #become(text: string): void {
    this.#text = text;
    this.#state = undefined;
  }
}
