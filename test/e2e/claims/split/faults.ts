/** What a candidate may do instead of answering; `Healthy`: it answers. */
export const FAULTS = ['Healthy', 'Slow', 'Hangs', 'Refuses', 'Denies', 'Fails', 'Garbage', 'NoHttp', 'HalfAnswer', 'EndlessAnswer', 'OtherVersion', 'NoProbability', 'TooFewRows'] as const;
export type Fault = (typeof FAULTS)[number];

/** What it does, for people. */
export const FAULT_TITLES = {
  Healthy: 'answers',
  Slow: 'is 3 x slower',
  Hangs: 'takes requests and never answers',
  Refuses: 'closes every connection at once',
  Denies: 'answers 422',
  Fails: 'answers 500',
  Garbage: 'answers 200 with random bytes',
  NoHttp: 'speaks another protocol',
  HalfAnswer: 'ends the connection in the middle of an answer',
  EndlessAnswer: 'answers without end',
  OtherVersion: 'answers for another version',
  NoProbability: 'answers with probabilities over 1',
  TooFewRows: 'answers with no row',
} as const satisfies Record<Fault, string>;

/** Faults after which the breaker must open: its answers are no scores. One that is only slow still answers in time. */
export function isAnError(fault: Fault): boolean {
  return fault !== 'Healthy' && fault !== 'Slow';
}
