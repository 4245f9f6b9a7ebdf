import { PACKAGE_FILES } from '../../../../contracts/names.ts';
import type { ErrorCode } from '../../../../contracts/error-catalogue.ts';
import type { Reason } from '../../../../operator/rollout/decision.ts';
import { MODELS, SECRETS } from '../../kinds.ts';
import { STORAGE, VERSIONS } from '../../manifest.ts';
import { Bucket } from './bucket.ts';
import { packageCopy, withOtherDescription, withWrongGoldenRows } from './package-copy.ts';
import { SMALL_CPU, type Subject } from './subject.ts';

/** Something wrong with a package or with the way to it, and how it is put right. */
export type BadCase = Readonly<{
  /** Name of the ChurnModel, too. */
  name: string;
  /** What the status and the event must name. */
  cause: ErrorCode | Reason;
  /** Where it is found, which says how the next try is told; Verdict: there is none. */
  foundBy: 'Inspection' | 'Pods' | 'Verdict';
  /** Brings it about and asks for the version. */
  spoil: (subject: Subject) => Promise<void>;
  /** Removes the cause, nothing else. */
  putRight: (subject: Subject) => Promise<void>;
  /** Removes what is not in the claim's own namespace and prefix. */
  cleanUp?: (subject: Subject) => Promise<void>;
}>;

/** Bytes to change: in the middle, but in model.json the first one, since a word of its description might be changed and still be a card. */
const changedBytes: readonly BadCase[] = [
  { file: PACKAGE_FILES.graph, at: undefined, cause: 'DigestMismatch' as const },
  { file: PACKAGE_FILES.golden, at: undefined, cause: 'DigestMismatch' as const },
  { file: PACKAGE_FILES.report, at: undefined, cause: 'DigestMismatch' as const },
  { file: 'best_model.pkl', at: undefined, cause: 'DigestMismatch' as const },
  { file: PACKAGE_FILES.card, at: 0, cause: 'CardInvalid' as const },
].map(({ file, at, cause }) => ({
  name: `byte-in-${file.toLowerCase().replaceAll(/[^a-z]/g, '-')}`,
  cause,
  foundBy: 'Inspection',
  spoil: async (subject) => {
    await subject.put(subject.files);
    await subject.context.store.changeByte(subject.key(file), at);
    await subject.want();
  },
  putRight: async (subject) => subject.put(subject.files, file),
}));

/** No node has that many processors; inspections ask for less, whatever the spec says. */
const NOWHERE = '900';

const cardAfterInspection: BadCase = {
  name: 'card-after-inspection',
  cause: 'CardChanged',
  foundBy: 'Pods',
  spoil: async (subject) => {
    const { kube } = subject.context;
    await subject.put(subject.files);
    // Pods wait for a node until the card has changed: otherwise they would have pulled the package before.
    await subject.want({ serving: { resources: { requests: { cpu: NOWHERE } } } });
    await kube.until(MODELS, subject.name, { what: 'the inspection has passed', deadlineMs: 120_000 }, ({ status }) => status?.candidate?.deployedAt !== undefined);
    await subject.put(withOtherDescription(subject.files), PACKAGE_FILES.card);
    await kube.patch(MODELS, subject.name, { spec: { serving: { resources: { requests: { cpu: SMALL_CPU } } } } });
  },
  putRight: async (subject) => subject.put(subject.files, PACKAGE_FILES.card),
};

const missingFile: BadCase = {
  name: 'missing-file',
  cause: 'FileMissing',
  foundBy: 'Inspection',
  spoil: async (subject) => {
    await subject.put(subject.files);
    await subject.context.store.delete(subject.key(PACKAGE_FILES.golden));
    await subject.want();
  },
  putRight: async (subject) => subject.put(subject.files, PACKAGE_FILES.golden),
};

const wrongGoldenRows: BadCase = {
  name: 'wrong-golden-rows',
  cause: 'GoldenMismatch',
  foundBy: 'Inspection',
  spoil: async (subject) => {
    await subject.put(withWrongGoldenRows(subject.files));
    await subject.want();
  },
  putRight: async (subject) => subject.put(subject.files),
};

const unknownVersion: BadCase = {
  name: 'unknown-version',
  cause: 'VersionNotFound',
  foundBy: 'Inspection',
  spoil: async (subject) => subject.want(),
  putRight: async (subject) => subject.put(subject.files),
};

const noBucket: BadCase = {
  name: 'no-bucket',
  cause: 'BucketNotFound',
  foundBy: 'Inspection',
  spoil: async (subject) => subject.want({}, `s3://${Bucket.nameFor(subject)}/models`),
  putRight: async (subject) => Bucket.using(subject, async (bucket) => bucket.create(subject.files)),
  cleanUp: async (subject) => Bucket.using(subject, async (bucket) => bucket.remove()),
};

const WRONG = Buffer.from('not-the-secret').toString('base64');

const wrongCredentials: BadCase = {
  name: 'wrong-credentials',
  cause: 'AccessDenied',
  foundBy: 'Inspection',
  spoil: async (subject) => {
    await subject.put(subject.files);
    await subject.context.kube.patch(SECRETS, subject.secret, { data: { AWS_SECRET_ACCESS_KEY: WRONG } });
    await subject.want();
  },
  putRight: async (subject) => {
    const { kube } = subject.context;
    const { data } = await kube.get(SECRETS, STORAGE.secret);
    await kube.patch(SECRETS, subject.secret, { data: { AWS_SECRET_ACCESS_KEY: data['AWS_SECRET_ACCESS_KEY'] ?? '' } });
  },
};

const shuffledLabels: BadCase = {
  name: 'shuffled-labels',
  cause: 'OfflineGateFailed',
  foundBy: 'Verdict',
  spoil: async (subject) => {
    await subject.put(await packageCopy(VERSIONS.shuffled, subject.version));
    await subject.want();
  },
  // Nothing is wrong with the way to it: the old version is asked for again.
  putRight: async (subject) => {
    await subject.context.kube.patch(MODELS, subject.name, { spec: { model: { version: VERSIONS.decent } } });
  },
};

/** All that happens to one model alone; the store that is away comes after. */
export const BAD_CASES: readonly BadCase[] = [...changedBytes, cardAfterInspection, missingFile, wrongGoldenRows, unknownVersion, noBucket, wrongCredentials, shuffledLabels];

/** One of each way in which a package is found to be bad: by its digest, by its absence, by what it answers, by its verdict, by its pods. */
export const SHORT_CASES: readonly BadCase[] = [...changedBytes.slice(0, 1), cardAfterInspection, wrongGoldenRows, unknownVersion, shuffledLabels];
