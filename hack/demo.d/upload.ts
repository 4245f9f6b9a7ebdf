/**
 * Uploads model packages into an S3 bucket: `--folder` holds a folder per version, which goes to `--prefix`/<version>/.
 * Packages are immutable: what is there is left alone, and a difference is an error, never an overwrite.
 * Credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CreateBucketCommand, HeadObjectCommand, PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { PACKAGE_FILES } from '../../contracts/names.ts';

type Outcome = 'uploaded' | 'present';

async function ensureBucket(client: S3Client, bucket: string): Promise<void> {
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (error instanceof S3ServiceException && (error.name === 'BucketAlreadyOwnedByYou' || error.name === 'BucketAlreadyExists')) return;
    throw error;
  }
}

/** The card last: who sees it may count on the rest. */
function cardLast(files: readonly string[]): readonly string[] {
  return files.toSorted((a, b) => Number(a === PACKAGE_FILES.card) - Number(b === PACKAGE_FILES.card) || a.localeCompare(b));
}

async function sha256OfPresent(client: S3Client, bucket: string, key: string): Promise<string | undefined> {
  try {
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return head.Metadata?.['sha256'] ?? 'unknown';
  } catch (error) {
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined;
    throw error;
  }
}

/**
 * Looks before it puts: a store may answer a conditional put at once and close the connection while the body is still being sent,
 * which a client sees as a reset. The condition stays, for whoever uploads at the same moment.
 */
async function put(client: S3Client, bucket: string, key: string, body: Buffer): Promise<Outcome> {
  const sha256 = createHash('sha256').update(body).digest('hex');
  const present = await sha256OfPresent(client, bucket, key);
  if (present === sha256) return 'present';
  if (present !== undefined) {
    throw new Error(`s3://${bucket}/${key} differs from the local file, and packages are immutable: give the package a new version`);
  }
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, IfNoneMatch: '*', Metadata: { sha256 } }));
  return 'uploaded';
}

const { values } = parseArgs({
  options: { endpoint: { type: 'string' }, bucket: { type: 'string' }, folder: { type: 'string' }, prefix: { type: 'string' } },
});
const { endpoint, bucket, folder, prefix } = values;
if (endpoint === undefined || bucket === undefined || folder === undefined || prefix === undefined) {
  throw new Error('needs --endpoint, --bucket, --folder and --prefix');
}

const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
try {
  await ensureBucket(client, bucket);
  const counts: Record<Outcome, number> = { uploaded: 0, present: 0 };
  const versions = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name).toSorted();
  for (const version of versions) {
    for (const file of cardLast(await readdir(join(folder, version)))) {
      counts[await put(client, bucket, `${prefix}/${version}/${file}`, await readFile(join(folder, version, file)))] += 1;
    }
  }
  console.log(`${versions.length} packages in s3://${bucket}/${prefix} (${counts.uploaded} files uploaded, ${counts.present} there already)`);
} catch (error) {
  console.error(`upload to ${endpoint} failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  client.destroy();
}
