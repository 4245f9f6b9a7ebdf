import { z } from 'zod';
import { ConfigMapName, cronSchedule, durationText, moneyText, rules, SecretReference, text } from './field-types.ts';

const ColumnName = z.string().min(1).max(128).describe('Name of a column.');

const Drift = z
  .object({
    warn: z.number().min(0.001).max(10).default(0.1).describe('PSI from which a column is reported.'),
    act: z.number().min(0.001).max(10).default(0.2).describe('PSI from which a column counts as drifted.'),
    window: durationText('Length of a window.').default('24h'),
  })
  .meta(rules({ rule: 'self.warn < self.act', message: 'warn must be smaller than act' }));

const Business = z.object({
  contactCost: moneyText('Cost of contacting one customer.').optional(),
  conversionValue: moneyText('Value of one customer kept or won.').optional(),
  currency: text({ pattern: /^[A-Z]{3}$/, message: 'write a currency code such as USD', max: 3, description: 'Currency (ISO 4217).' }).default('USD'),
  monthlyBudget: moneyText('Budget of serving and training a month.').optional(),
  prices: z.object({ configMap: ConfigMapName }).describe('Node prices.').optional(),
});

const Alerts = z.object({
  pagerDuty: z.object({ secretRef: SecretReference }).describe('Where critical alerts go.').optional(),
  slack: z
    .object({
      secretRef: SecretReference,
      channel: text({ pattern: /^[#@][^\s]{1,79}$/, message: 'write a channel such as #churn-alerts', max: 80, description: 'Channel.' }),
    })
    .describe('Where warnings go.')
    .optional(),
  jira: z
    .object({
      url: text({ pattern: /^https?:\/\/[^\s]+$/, message: 'write the address of Jira, such as https://example.atlassian.net', max: 500, description: 'Address of Jira.' }),
      project: text({ pattern: /^[A-Z][A-Z0-9_]{1,9}$/, message: 'write a Jira project key such as CHURN', max: 10, description: 'Project key.' }),
      secretRef: SecretReference,
    })
    .describe('Where information goes.')
    .optional(),
});

/** `spec.monitoring`: what is watched and whom to wake. */
export const Monitoring = z
  .object({
    evaluation: z
      .object({ schedule: cronSchedule('When to evaluate stable.'), window: durationText('Predictions made in [now - horizon - window, now - horizon].').default('672h') })
      .describe('Regular evaluation of the stable version.')
      .optional(),
    drift: Drift.describe('Drift of columns.').optional(),
    fairness: z
      .object({
        columns: z.array(ColumnName).min(1).max(20).meta({ 'x-kubernetes-list-type': 'set' }).describe('Columns whose groups are compared.'),
        maxDifference: z.number().min(0.001).max(1).default(0.1).describe('Largest difference between groups.'),
      })
      .describe('Comparison of groups.')
      .optional(),
    business: Business.describe('Money.').optional(),
    alerts: Alerts.describe('Whom to wake.').optional(),
  })
  .describe('What is watched and whom to wake.');
