import { ROOT_RULES } from '../churn-model/churn-model.ts';
import { ChurnModelSpec } from '../churn-model/spec.ts';
import { ChurnModelStatus } from '../churn-model/status.ts';
import { GROUP } from '../names.ts';
import { structuralSchema, toJson, type Json } from './structural-schema.ts';

/** Printer columns, in the order of DESIGN section 2.1. */
const PRINTER_COLUMNS = [
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status', description: 'Whether the stable version serves.' },
  { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'Where the rollout stands.' },
  { name: 'Stable', type: 'string', jsonPath: '.status.stable.version', description: 'Version that answers callers.' },
  { name: 'Candidate', type: 'string', jsonPath: '.status.candidate.version', description: 'Version on its way.' },
  { name: 'Weight', type: 'integer', jsonPath: '.status.candidate.weight', description: 'Share of callers that the candidate answers, in percent.' },
  { name: 'AUC', type: 'string', jsonPath: '.status.auc', description: 'ROC AUC that the phase looks at.' },
  { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Progressing")].reason', description: 'Why it stands there.' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Message', type: 'string', jsonPath: '.status.message', priority: 1, description: 'What happens now and what happens next.' },
] as const;

/** The CustomResourceDefinition of ChurnModel. */
export function churnModelCrd(): Json {
  return toJson({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `churnmodels.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind: 'ChurnModel', listKind: 'ChurnModelList', plural: 'churnmodels', singular: 'churnmodel', shortNames: ['churn'], categories: ['churnops'] },
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: PRINTER_COLUMNS,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: 'A churn-type classifier: which model to serve, how a new version earns traffic, when to retrain and whom to wake.',
              required: ['spec'],
              ...ROOT_RULES,
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec: structuralSchema(ChurnModelSpec, 'spec'),
                status: structuralSchema(ChurnModelStatus, 'status'),
              },
            },
          },
        },
      ],
    },
  });
}
