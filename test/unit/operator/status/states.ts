import * as fc from 'fast-check';
import { candidateHash, packageDigest } from '../../../../contracts/digest.ts';
import type { Candidate, InspectionState, Latest, Previous, Rejected, RolloutState, Stable, VersionIdentity } from '../../../../operator/rollout/state.ts';
import { REPOSITORY } from '../rollout/builders.ts';

/** Instants that RFC 3339 can hold with four digits of year. */
export const instants = fc.integer({ min: 0, max: 4_000_000_000_000 });
/** Texts as packages and people bring them: any language, quotes, line ends. */
export function texts(maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: 'grapheme', maxLength, size: 'max' }).map((text) => text.slice(0, maxLength).toWellFormed());
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
const key = fc.stringMatching(/^[0-9a-f]{16}$/);

const identities: fc.Arbitrary<VersionIdentity> = fc
  .record({ requested: word, version: word, entityColumn: fc.option(texts(40)), testAUC: maybe(fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0)) })
  .map((each) => {
    const digest = packageDigest(each);
    return { repository: REPOSITORY, digest, hash: candidateHash(digest, each.entityColumn), ...each };
  });

const stables: fc.Arbitrary<Stable> = fc.tuple(identities, instants, maybe(instants)).map(([identity, startedAtMs, downSinceMs]) => ({ ...identity, startedAtMs, downSinceMs }));
const previouses: fc.Arbitrary<Previous> = fc.tuple(identities, instants).map(([identity, replacedAtMs]) => ({ ...identity, replacedAtMs }));

function problems(message: fc.Arbitrary<string>) {
  return fc.record({ code: fc.constantFrom('StoreUnreachable', 'InspectionBroken'), message, atMs: instants, report: maybe(fc.constant('evaluations/telco-churn/x.json')) });
}

function inspections(message: fc.Arbitrary<string>): fc.Arbitrary<InspectionState> {
  const attempt = fc.integer({ min: 1, max: 2 ** 31 - 1 });
  return fc.oneof(
    fc.record({ key, attempt, state: fc.constant('Running' as const), last: maybe(problems(message)) }),
    fc.record({ key, attempt, state: fc.constant('Error' as const), problem: problems(message), nextTryAtMs: instants }),
  );
}

function candidates(message: fc.Arbitrary<string>): fc.Arbitrary<Candidate> {
  const base = { startedAtMs: instants };
  const deployed = { ...base, stage: fc.constant('Deployed' as const), identity: identities, deployedAtMs: instants, heldSinceMs: maybe(instants), heldBy: maybe(fc.constantFrom('StoreUnreachable', 'Unschedulable')) };
  return fc.oneof(
    fc.record({ ...base, stage: fc.constant('Inspecting' as const), repository: fc.constant(REPOSITORY), requested: word, inspection: inspections(message) }),
    fc.record({ ...deployed, inspectionKey: key, message: maybe(message), report: maybe(fc.constant('evaluations/telco-churn/x.json')) }),
    // One that comes back was not inspected again.
    fc.record({ ...deployed, inspectionKey: fc.constant(undefined), message: fc.constant(undefined), report: fc.constant(undefined) }),
  );
}

function rejections(message: fc.Arbitrary<string>): fc.Arbitrary<Rejected> {
  const hash = maybe(identities.map((identity) => identity.hash));
  return fc.record({ version: word, hash, key, reason: fc.constantFrom('OfflineGateFailed' as const, 'SchemaIncompatible' as const, 'NotReady' as const), message, atMs: instants });
}

function latests(message: fc.Arbitrary<string>): fc.Arbitrary<Latest> {
  const failed = maybe(fc.record({ failures: fc.integer({ min: 1, max: 2 ** 31 - 1 }), code: fc.constantFrom('StoreUnreachable', 'InspectionBroken'), message }));
  return fc.record({ key, version: word, checkedAtMs: instants, nextCheckAtMs: instants, failed });
}

/** Any state of a rollout whose messages are of the given kind. */
export function statesWith(message: fc.Arbitrary<string>): fc.Arbitrary<RolloutState> {
  return fc.record({ stable: maybe(stables), candidate: maybe(candidates(message)), previous: maybe(previouses), latest: maybe(latests(message)), rejected: fc.array(rejections(message), { maxLength: 10 }) });
}
