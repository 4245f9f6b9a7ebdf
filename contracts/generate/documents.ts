import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { z } from 'zod';
import { ChurnModelSpec } from '../churn-model/spec.ts';
import { ChurnModelStatus } from '../churn-model/status.ts';
import { EvaluationEvidence } from '../evaluation-evidence.ts';
import { EvaluationRequest } from '../evaluation-request.ts';
import { FeedbackRequest, FeedbackResponse, PredictionKeys } from '../feedback.ts';
import { LabelRecord, PredictionRecord } from '../journal.ts';
import { GoldenRows, ModelCard } from '../model-card.ts';
import { PredictRequest, PredictResponse } from '../prediction.ts';
import { EvaluationReport, InspectionReport, InspectionReportFile, RetentionReport, TrainingReport } from '../reports.ts';
import { TrafficPolicy, TrafficState } from '../traffic.ts';
import { chartReadme, valuesSchema } from './chart.ts';
import { churnModelCrd } from './crd.ts';
import { errorReference } from './error-reference.ts';
import { fieldReference } from './field-reference.ts';
import { rightsReference } from './rights-reference.ts';
import { structuralSchema } from './structural-schema.ts';

/** Documents that have a JSON Schema of their own, by file name. */
const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  'model-card': ModelCard,
  'golden-rows': GoldenRows,
  'inspection-report': InspectionReport,
  'inspection-report-file': InspectionReportFile,
  'evaluation-request': EvaluationRequest,
  'evaluation-report': EvaluationReport,
  'evaluation-evidence': EvaluationEvidence,
  'training-report': TrainingReport,
  'retention-report': RetentionReport,
  'traffic-policy': TrafficPolicy,
  'traffic-state': TrafficState,
  'predict-request': PredictRequest,
  'predict-response': PredictResponse,
  'prediction-record': PredictionRecord,
  'label-record': LabelRecord,
  'feedback-request': FeedbackRequest,
  'feedback-response': FeedbackResponse,
  'prediction-keys': PredictionKeys,
};

function jsonSchema(schema: z.ZodType, name: string): string {
  const document = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input', unrepresentable: 'throw' });
  return `${JSON.stringify({ $id: `https://churnops.dev/schemas/${name}.schema.json`, ...document }, null, 2)}\n`;
}

function churnModelReference(): string {
  return [
    '# ChurnModel',
    '',
    'Generated from `contracts/churn-model/` by `npm run generate`. Sentences in italics are what the API server answers when the rule is broken.',
    '',
    '## spec',
    '',
    fieldReference(structuralSchema(ChurnModelSpec, 'spec'), 'spec'),
    '',
    '## status',
    '',
    fieldReference(structuralSchema(ChurnModelStatus, 'status'), 'status'),
    '',
  ].join('\n');
}

const CHART = join(import.meta.dirname, '..', '..', 'charts', 'churnops');

function read(file: string): string {
  return readFileSync(join(CHART, file), 'utf8');
}

/** Made from other files of the chart: values.yaml has the words, files/rights the reasons. */
function chartDocuments(): readonly (readonly [string, string])[] {
  const values = read('values.yaml');
  return [
    ['charts/churnops/values.schema.json', valuesSchema(values)],
    ['charts/churnops/README.md', chartReadme(read('README.md'), values)],
    ['docs/reference/rights.md', rightsReference(read('files/rights/models.yaml'), read('files/rights/own-namespace.yaml'))],
  ];
}

/** Every generated file, path from the root of the project -> content. */
export function generatedDocuments(): ReadonlyMap<string, string> {
  const crd = `# Generated from contracts/churn-model by \`npm run generate\`; do not edit.\n${dump(churnModelCrd(), { lineWidth: -1, noRefs: true })}`;
  const schemas = Object.entries(SCHEMAS).map(([name, schema]) => [`contracts/schemas/${name}.schema.json`, jsonSchema(schema, name)] as const);
  return new Map([
    ['crds/churnops.dev_churnmodels.yaml', crd],
    ['charts/churnops/files/crds/churnops.dev_churnmodels.yaml', crd],
    ...schemas,
    ['models/trainer/trainer/schemas/model-card.schema.json', jsonSchema(ModelCard, 'model-card')],
    ['models/trainer/trainer/schemas/golden-rows.schema.json', jsonSchema(GoldenRows, 'golden-rows')],
    ['docs/reference/churnmodel.md', churnModelReference()],
    ['docs/reference/errors.md', errorReference()],
    ...chartDocuments(),
  ]);
}
