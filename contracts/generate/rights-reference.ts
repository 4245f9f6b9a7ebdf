import { load } from 'js-yaml';
import { z } from 'zod';

/** A rule as it stands in a Role. */
export const Rule = z.strictObject({
  apiGroups: z.array(z.string()).min(1),
  resources: z.array(z.string()).min(1),
  resourceNames: z.array(z.string()).optional(),
  verbs: z.array(z.string()).min(1),
});
export type Rule = z.infer<typeof Rule>;

/** A rule with the sentence above it. */
export type ExplainedRule = Readonly<{ rule: Rule; why: string }>;

/**
 * Rules of a file of charts/churnops/files/rights, each with the comment that stands directly above it.
 * @throws Error for a rule without a reason
 */
export function explainedRules(text: string): readonly ExplainedRule[] {
  const reasons: string[] = [];
  let comment: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('# ')) comment.push(line.slice(2));
    else if (line.startsWith('- ')) {
      if (comment.length === 0) throw new Error(`this rule has no reason above it: ${line}`);
      reasons.push(comment.join(' '));
      comment = [];
    } else if (line.trim() === '') comment = [];
  }
  return z.array(Rule).parse(load(text)).map((rule, index) => ({ rule, why: reasons[index] ?? '' }));
}

function table(text: string): readonly string[] {
  const rows = explainedRules(text).map(({ rule, why }) => {
    const resources = rule.apiGroups.flatMap((group) => rule.resources.map((resource) => `\`${resource}\`${group === '' ? '' : ` (${group})`}`));
    return `| ${resources.join(', ')} | ${rule.verbs.join(', ')} | ${why} |`;
  });
  return ['| resources | verbs | why |', '|---|---|---|', ...rows];
}

/** The page of the operator's rights. */
export function rightsReference(models: string, ownNamespace: string): string {
  return [
    '# Rights of the operator',
    '',
    'Generated from `charts/churnops/files/rights/` by `npm run generate`. The claim `rights` compares them with the API server\'s audit log, both ways.',
    '',
    '## Where models are',
    '',
    'A ClusterRole, or with `rbac.scope=namespaces` a Role in each of `operator.watchNamespaces`.',
    '',
    ...table(models),
    '',
    '## In its own namespace',
    '',
    ...table(ownNamespace),
    '',
    'Nothing else: no list or watch of Secrets, no ConfigMaps, no nodes, no custom resource definitions, no right to give rights. `/openapi`, which the operator reads once to see',
    'whether the custom resource definition is as new as itself, is open to every account of the cluster (`system:discovery`).',
    '',
  ].join('\n');
}
