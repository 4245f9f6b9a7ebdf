import type { ChurnModelSpec } from '../../contracts/churn-model/spec.ts';
import { API_VERSION, LABELS, MANAGED_BY } from '../../contracts/names.ts';

/** The ChurnModel that children belong to, as builders need it. */
export type Subject = Readonly<{
  name: string;
  namespace: string;
  uid: string;
  spec: ChurnModelSpec;
  annotations: Readonly<Record<string, string>>;
}>;

/** The controller reference of a child: deleting the model deletes it. */
export function ownerOf(subject: Subject): { apiVersion: string; kind: string; name: string; uid: string; controller: true; blockOwnerDeletion: true } {
  return { apiVersion: API_VERSION, kind: 'ChurnModel', name: subject.name, uid: subject.uid, controller: true, blockOwnerDeletion: true };
}

/** Labels of every child. */
export function childLabels(subject: Subject, component: 'serving' | 'inspect' | 'evaluate' | 'retention'): Readonly<Record<string, string>> {
  return {
    [LABELS.name]: 'churnops-model',
    [LABELS.instance]: subject.name,
    [LABELS.component]: component,
    [LABELS.managedBy]: MANAGED_BY,
    [LABELS.model]: subject.name,
  };
}

/** Name of a child; `suffix` empty: the model's own name. By it a child is found again: names stay, labels may be changed by hand. */
export function childName(subject: Pick<Subject, 'name'>, suffix: string): string {
  return suffix === '' ? subject.name : `${subject.name}-${suffix}`;
}

/** Metadata of a child. */
export function childMetadata(subject: Subject, suffix: string, labels: Readonly<Record<string, string>>) {
  return {
    name: childName(subject, suffix),
    namespace: subject.namespace,
    labels,
    ownerReferences: [ownerOf(subject)],
  } as const;
}
