import { expect, test } from '@jest/globals';
import { LABELS } from '../../../../../contracts/names.ts';
import { ChurnModel } from '../../../../../contracts/churn-model/churn-model.ts';
import type { KubeObject } from '../../../../../operator/runtime/kube-object.ts';
import { lasting, type Seen } from '../../../../e2e/claims/misuse/world.ts';

const hashOf = (letter: string): string => letter.repeat(64);
const identity = (letter: string) => ({ repository: 's3://bucket/m', requested: letter, version: letter, digest: hashOf(letter), hash: hashOf(letter) });
const at = '2026-11-21T18:00:00Z';
const stable = { ...identity('a'), startedAt: at };

function seen(status: object, owned: readonly KubeObject[] = []): Seen {
  const metadata = { name: 'm', namespace: 'n', uid: 'u', resourceVersion: '1' };
  return { model: ChurnModel.parse({ apiVersion: 'churnops.dev/v1alpha1', kind: 'ChurnModel', metadata, spec: { model: { repository: 's3://bucket/m', version: '20261001-0300' } }, status: { stable, ...status } }), owned };
}

function deployment(letter: string, replicas: number): KubeObject {
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: `m-${letter}`, uid: letter, resourceVersion: '1', labels: { [LABELS.hash]: hashOf(letter).slice(0, 8) } }, spec: { replicas } };
  return object;
}

const rejected = (letter: string) => ({ version: letter, hash: hashOf(letter), key: 'k', reason: 'OfflineGateFailed', message: '', at });
const previous = { ...identity('b'), replacedAt: at };
const latest = { key: 'k', version: 'b', checkedAt: at, nextCheckAt: at };
const retention = { outcome: 'Failed', reason: 'NoAccess', message: '', finishedAt: at };

test.each<{ name: string; left: Seen; asBefore: boolean }>([
  { name: 'nothing', left: seen({}, [deployment('a', 1)]), asBefore: true },
  { name: 'the version before, at zero replicas', left: seen({ previous }, [deployment('a', 1), deployment('b', 0)]), asBefore: true },
  { name: 'the version before, while it drains', left: seen({ previous }, [deployment('a', 1), deployment('b', 1)]), asBefore: false },
  { name: 'a Deployment at zero replicas that nobody remembers', left: seen({}, [deployment('a', 1), deployment('b', 0)]), asBefore: false },
  { name: 'a version that was refused', left: seen({ rejected: [rejected('b')] }, [deployment('a', 1)]), asBefore: true },
  { name: 'a rejection of the version that serves', left: seen({ rejected: [rejected('a')] }, [deployment('a', 1)]), asBefore: false },
  { name: 'the version that serves as the one before', left: seen({ previous: { ...previous, hash: hashOf('a') } }, [deployment('a', 1)]), asBefore: false },
  { name: 'what latest was', left: seen({ latest }, [deployment('a', 1)]), asBefore: false },
  { name: 'a run of retention', left: seen({ retention }, [deployment('a', 1)]), asBefore: false },
])('$name is left behind: as before $asBefore', ({ left, asBefore }) => {
  const before = lasting(seen({}, [deployment('a', 1)]), { thorough: true });
  const now = lasting(left, { thorough: true });
  if (asBefore) expect(now).toEqual(before);
  else expect(now).not.toEqual(before);
});

test('in short form only objects with pods and what is told count', () => {
  const all = seen({ latest, retention, rejected: [rejected('a')] }, [deployment('a', 1), deployment('b', 0)]);
  expect(lasting(all, { thorough: false })).toEqual(lasting(seen({}, [deployment('a', 1)]), { thorough: false }));
});
