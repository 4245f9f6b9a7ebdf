import { writeFile } from 'node:fs/promises';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { TERMINATION_MESSAGE_MAX_BYTES } from '../../contracts/reports.ts';
import type { FailureReport } from '../../contracts/reports.ts';

/** Most characters of a report's message; the contract's bound. */
export const MAX_MESSAGE = 1024;
const SHRINK = 0.9;

/** A text of at most `max` characters, its end marked where it was cut. */
export function clipped(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 3).toWellFormed()}...`;
}

/** JSON of a report in at most TERMINATION_MESSAGE_MAX_BYTES: the message is shortened until it fits. */
export function terminationText(report: Readonly<{ message: string }>): string {
  let message = clipped(report.message, MAX_MESSAGE);
  for (;;) {
    const text = JSON.stringify({ ...report, message });
    if (Buffer.byteLength(text) <= TERMINATION_MESSAGE_MAX_BYTES || message.length < 4) return text;
    message = clipped(message, Math.floor(message.length * SHRINK));
  }
}

/** What the kubelet puts into the pod's status. @throws the error of the file system */
export async function writeTerminationMessage(path: string, report: Readonly<{ message: string }>): Promise<void> {
  await writeFile(path, terminationText(report));
}

/** The report of a process that gives up; what is not ours is told by its class only, as its message may hold anything. */
export function failureReport(thrown: unknown): FailureReport {
  if (thrown instanceof ChurnOpsError) {
    return { schemaVersion: 1, kind: 'FailureReport', code: thrown.code, message: clipped(`${thrown.message} ${thrown.action}`, MAX_MESSAGE) };
  }
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  return { schemaVersion: 1, kind: 'FailureReport', code: 'Internal', message: `A defect of ours (${name}): see the logs of the pod.` };
}
