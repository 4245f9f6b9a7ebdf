import type { IncomingMessage } from 'node:http';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { MAX_BODY_BYTES } from '../../contracts/prediction.ts';
import { decompress, requestCoding } from './content-coding.ts';
import { RequestBody } from './request-body.ts';
import { bodyTooLarge, declaredLength } from './request-checks.ts';

/**
 * The plain bytes of a request, for routes that are not hot.
 * @throws ChurnOpsError BodyTooLarge, UnsupportedMediaType, InvalidEncoding; RequestTimeout where the connection ends before it
 */
export async function readBody(req: IncomingMessage): Promise<Buffer> {
  const coding = requestCoding(req.headers['content-encoding']);
  const declaredBytes = declaredLength(req);
  if ((declaredBytes ?? 0) > MAX_BODY_BYTES) throw bodyTooLarge();
  const body = new RequestBody(declaredBytes);
  await new Promise<void>((resolve, reject) => {
    req.on('data', (chunk: Buffer) => {
      if (!body.append(chunk)) reject(bodyTooLarge());
    });
    req.once('end', resolve);
    req.once('close', () => reject(new ChurnOpsError('RequestTimeout', 'The connection ended before the body did.')));
  });
  return coding === undefined ? body.take() : decompress(body.take(), coding);
}
