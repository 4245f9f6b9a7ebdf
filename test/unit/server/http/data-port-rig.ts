import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tinyCard, tinyFile, tinyHash } from '../tiny-package.ts';

/** A row that the tiny model takes. */
export const good = { tenure: 3, MonthlyCharges: 70.5, Contract: 'Month-to-month', customerID: '7590-VHVEG' };
export const PREDICT = '/v1/models/tiny-churn:predict';

export const HEAD = `POST ${PREDICT} HTTP/1.1\r\nhost: x\r\n`;
export const BODY = JSON.stringify({ instances: [good] });

/** The tiny model, as a data port takes it. */
export function model() {
  return { namespace: 'retention', name: 'tiny-churn', version: 'v1', hash: tinyHash, digest: tinyFile.digest, threshold: 0.42, engine: 'onnx', card: tinyCard, experiment: undefined } as const;
}

/** Body of that many rows. */
export function rows(count: number): string {
  return JSON.stringify({ instances: Array.from({ length: count }, () => good) });
}

/** A whole request, for pipelines. */
export function one(id: string, close: boolean): string {
  return `${HEAD}x-request-id: ${id}\r\ncontent-length: ${BODY.length}\r\n${close ? 'connection: close\r\n' : ''}\r\n${BODY}`;
}

/** A connection that has sent this and goes on as the test likes. */
export function hold(to: number, text: string): Socket {
  const socket = connect(to, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(text);
  return socket;
}

/** All that a connection gave until it was closed. */
export async function raw(text: string, to: number): Promise<string> {
  const socket = connect(to, '127.0.0.1');
  socket.on('error', () => undefined);
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk) => (received += chunk));
  socket.write(text);
  await once(socket, 'close');
  return received;
}
