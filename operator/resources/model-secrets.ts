import { SECRETS } from '../../contracts/names.ts';
import { childName, type Subject } from './subject.ts';

/** Name of a Secret of the model, as pods and applications mount it. */
export function modelSecretName(subject: Pick<Subject, 'name'>, which: keyof typeof SECRETS): string {
  return childName(subject, SECRETS[which].suffix);
}
