import { hourPartition, predictionsKey } from '../../contracts/store-layout.ts';

/** A segment: records of one hour (UTC), written by one container. */
export type SegmentName = Readonly<{
  hourMs: number;
  /** Drawn by lot by each container, so that none takes a name that another one gave, whatever the clock says. */
  writer: string;
  sequence: number;
}>;

const FORM = /^dt=(\d{4}-\d{2}-\d{2})_hour=(\d{2})_([a-z0-9]{13})-(\d{6,15})\.ndjson$/;
const SEQUENCE_DIGITS = 6;

/** Name of its file on the pod's volume. */
export function segmentFile(segment: SegmentName): string {
  return `${hourPartition(segment.hourMs).replace('/', '_')}_${number(segment)}.ndjson`;
}

/** The segment whose file has this name; undefined for other files. */
export function parseSegmentFile(file: string): SegmentName | undefined {
  const [, day = '', hour = '', writer = '', sequence = ''] = FORM.exec(file) ?? [];
  const hourMs = Date.parse(`${day}T${hour}:00:00.000Z`);
  return Number.isNaN(hourMs) ? undefined : { hourMs, writer, sequence: Number(sequence) };
}

/** Its key in the store: the same at every try, so that writing it twice changes nothing. */
export function segmentKey(prefix: string, pod: string, segment: SegmentName): string {
  return predictionsKey(prefix, segment.hourMs, pod, number(segment));
}

function number({ writer, sequence }: SegmentName): string {
  return `${writer}-${String(sequence).padStart(SEQUENCE_DIGITS, '0')}`;
}
