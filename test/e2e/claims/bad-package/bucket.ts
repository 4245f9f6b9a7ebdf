import { CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SYSTEM_NAMESPACE } from '../../context.ts';
import { ADDRESSED_SERVICES, SECRETS } from '../../kinds.ts';
import { STORAGE } from '../../manifest.ts';
import type { PackageCopy } from './package-copy.ts';
import type { Subject } from './subject.ts';

/** A bucket that is not there at first. */
export class Bucket {
  readonly #client: S3Client;
  readonly #subject: Subject;

  private constructor(client: S3Client, subject: Subject) {
    this.#client = client;
    this.#subject = subject;
  }

  static nameFor(subject: Subject): string {
    return `${subject.context.namespace}-late`;
  }

  /** Works with the bucket over a connection of its own. */
  static async using(subject: Subject, work: (bucket: Bucket) => Promise<void>): Promise<void> {
    const { kube } = subject.context;
    const { spec } = await kube.get(ADDRESSED_SERVICES, { namespace: SYSTEM_NAMESPACE, name: 's3' });
    const { data } = await kube.get(SECRETS, STORAGE.secret);
    const decoded = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString('utf8');
    const client = new S3Client({
      endpoint: `http://${spec.clusterIP}:${spec.ports[0]?.port ?? 80}`,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: decoded('AWS_ACCESS_KEY_ID'), secretAccessKey: decoded('AWS_SECRET_ACCESS_KEY') },
    });
    try {
      await work(new Bucket(client, subject));
    } finally {
      client.destroy();
    }
  }

  /** Makes it, with a package in it. */
  async create(files: PackageCopy): Promise<void> {
    const Bucket = this.#name;
    await this.#client.send(new CreateBucketCommand({ Bucket }));
    for (const [file, Body] of files) await this.#client.send(new PutObjectCommand({ Bucket, Key: this.#key(file), Body }));
  }

  /** Removes it with all that is in it: inspections leave reports there. */
  async remove(): Promise<void> {
    const Bucket = this.#name;
    const { Contents: left } = await this.#client.send(new ListObjectsV2Command({ Bucket }));
    for (const { Key } of left ?? []) await this.#client.send(new DeleteObjectCommand({ Bucket, Key }));
    await this.#client.send(new DeleteBucketCommand({ Bucket }));
  }

  get #name(): string {
    return Bucket.nameFor(this.#subject);
  }

  #key(file: string): string {
    return `models/${this.#subject.version}/${file}`;
  }
}
