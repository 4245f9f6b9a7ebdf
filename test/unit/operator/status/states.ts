import * as fc from 'fast-check';
import { candidateHash, packageDigest } from '../../../../contracts/digest.ts';
import type { Beside, Candidate, GateFinding, GateState, InspectionState, Latest, PolicyRecord, Previous, Rejected, RolloutState, Stable, VersionIdentity } from '../../../../operator/rollout/state.ts';
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

const exposures: fc.Arbitrary<Beside['exposure']> = fc.oneof(fc.constant({ mode: 'Shadow' as const }), fc.record({ mode: fc.constant('Canary' as const), weight: fc.integer({ min: 1, max: 100 }), step: fc.integer({ min: 1, max: 20 }), stepStartedAtMs: maybe(instants) }));
const share = fc.double({ min: -1, max: 1, noNaN: true }).map((value) => value + 0);
const bounds = fc.record({ value: share, lower: share, upper: share });
const count = fc.nat();

function findings(message: fc.Arbitrary<string>): fc.Arbitrary<GateFinding> {
  return fc.record({
    verdict: fc.constantFrom('Pass' as const, 'Fail' as const, 'Inconclusive' as const),
    reason: fc.constantFrom('Proven' as const, 'AUCTooLow' as const, 'TooFewLabels' as const),
    message,
    atMs: instants,
    auc: maybe(bounds),
    rows: count,
    positives: count,
    negatives: count,
    difference: maybe(bounds),
    missing: maybe(fc.record({ positives: count, negatives: count, labels: maybe(count) })),
    expectedDecisionAtMs: maybe(instants),
    evidence: maybe(fc.record({ path: fc.constant('s3://churn/evaluations/x.json'), sha256: fc.constant('ab'.repeat(32)) })),
  });
}

function gates(message: fc.Arbitrary<string>): fc.Arbitrary<GateState> {
  const problem = fc.record({ code: fc.constantFrom('StoreUnreachable', 'EvaluationBroken'), message, atMs: instants });
  const failing = fc.oneof(fc.record({ failures: fc.constant(0), problem: fc.constant(undefined) }), fc.record({ failures: fc.integer({ min: 1, max: 1000 }), problem }));
  const passes = findings(message).map(({ reason, message: text, atMs, evidence }) => ({ reason, message: text, atMs, evidence }));
  // A look that passed is the Pass, or one came before it; one that failed took it away.
  const found = fc.tuple(maybe(findings(message)), passes, fc.boolean()).map(([finding, pass, hasPassed]) => ({ finding, passed: finding?.verdict === 'Pass' || (hasPassed && finding?.verdict !== 'Fail') ? pass : undefined }));
  const where = fc.oneof(fc.record({ state: fc.constant('Running' as const), startedAtMs: instants }), fc.record({ state: fc.constant('Resting' as const), nextRunAtMs: maybe(instants) }));
  return fc.tuple(fc.record({ key, run: fc.integer({ min: 1, max: 2 ** 31 - 1 }) }), found, failing, where).map(([base, look, fail, place]) => ({ ...base, ...look, ...fail, ...place }));
}

const policies: fc.Arbitrary<PolicyRecord> = fc.record({
  revision: fc.integer({ min: 1, max: 2 ** 52 }),
  writtenAtMs: instants,
  terms: maybe(
    fc.tuple(identities, identities, fc.constantFrom('Shadow' as const, 'Canary' as const), fc.double({ min: 0, max: 100, noNaN: true }).map((value) => value + 0)).map(([one, other, mode, percent]) => ({
      mode,
      percent,
      stableHash: one.hash,
      candidateHash: other.hash,
      candidateVersion: other.version,
      candidateAddress: 'telco-churn-candidate.retention.svc:8080',
      maxErrorPercent: 1,
    })),
  ),
});

function candidates(message: fc.Arbitrary<string>): fc.Arbitrary<Candidate> {
  const base = { startedAtMs: instants };
  const deployed = { ...base, stage: fc.constant('Deployed' as const), identity: identities, deployedAtMs: instants, heldSinceMs: maybe(instants), heldBy: maybe(fc.constantFrom('StoreUnreachable', 'Unschedulable')), exposure: exposures, readyAtMs: maybe(instants), downSinceMs: maybe(instants), gate: maybe(gates(message)) };
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
  return fc.record({ stable: maybe(stables), candidate: maybe(candidates(message)), previous: maybe(previouses), latest: maybe(latests(message)), policy: maybe(policies), rejected: fc.array(rejections(message), { maxLength: 10 }) });
}
