/** An object that was read: what evidence names as an input. */
export type InputObject = Readonly<{ key: string; sha256: string; sizeBytes: number }>;

/** What an object of the journal holds. */
export type FeedbackKind = 'predictions' | 'labels';

/** What the database calls a record of a kind. */
export const RECORD = { predictions: 'prediction', labels: 'label' } as const satisfies Record<FeedbackKind, 'prediction' | 'label'>;
