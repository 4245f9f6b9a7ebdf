import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { closeGracefully, listen } from '../../../../platform/http/listener.ts';
import { S3Store } from '../../../../platform/object-store/s3.ts';

/** One scripted answer of a store. */
export type Script = (req: IncomingMessage, res: ServerResponse) => void;

/** A store whose answers a test writes: each request takes the next script, the last one stays. */
export type ScriptedS3 = Readonly<{ store: S3Store; endpoint: string; requests: string[]; headers: IncomingMessage['headers'][]; close: () => Promise<void> }>;

/** Answers with an S3 error document. */
export function s3Failure(status: number, code: string): Script {
  return (_req, res) => {
    res.writeHead(status, { 'content-type': 'application/xml' });
    res.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>AKIA-TOP-SECRET said no</Message><AWSAccessKeyId>AKIA-TOP-SECRET</AWSAccessKeyId></Error>`);
  };
}

/** Answers with a whole body. */
export function s3Body(body: string, status = 200): Script {
  return (_req, res) => {
    res.writeHead(status, { 'content-length': Buffer.byteLength(body) });
    res.end(body);
  };
}

/** Starts a scripted store on loopback. */
export async function scriptedS3(scripts: readonly Script[], silenceMs = 2000): Promise<ScriptedS3> {
  const requests: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const server = createServer((req, res) => {
    const script = scripts[Math.min(requests.length, scripts.length - 1)];
    requests.push(`${req.method} ${req.url}`);
    headers.push(req.headers);
    req.resume();
    script?.(req, res);
  });
  const endpoint = `http://127.0.0.1:${await listen(server, 0, '127.0.0.1')}`;
  const store = new S3Store({ bucket: 'churn', endpoint, credentials: { accessKeyId: 'AKIA-TOP-SECRET', secretAccessKey: 'hush' }, connectMs: 500, silenceMs });
  return {
    store,
    endpoint,
    requests,
    headers,
    close: async () => {
      store.close();
      await closeGracefully(server, 0);
    },
  };
}
