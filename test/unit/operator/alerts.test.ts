import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { CONTROLLER } from '../../../operator/controller.ts';
import { missingFieldsGauge } from '../../../operator/definition/served.ts';
import { modelMetrics } from '../../../operator/model-metrics.ts';
import { RuntimeMetrics } from '../../../operator/runtime/runtime-metrics.ts';

const ROOT = join(import.meta.dirname, '../../..');
const FILE = join(ROOT, 'charts/churnops/files/alerts/operator.yaml');
const Alerts = z.array(
  z.strictObject({
    alert: z.string().regex(/^ChurnOps[A-Z][A-Za-z]+$/),
    expr: z.string(),
    for: z.string().regex(/^[0-9]+m$/),
    labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
    annotations: z.strictObject({ summary: z.string().max(80), description: z.string().max(300) }),
  }),
);
const alerts = Alerts.parse(load(readFileSync(FILE, 'utf8')));
const page = (file: string): string => readFileSync(join(ROOT, 'docs', file), 'utf8');

const Metric = z.looseObject({ name: z.string(), type: z.enum(['counter', 'gauge', 'histogram', 'summary']), labelNames: z.array(z.string()) });

/** What the operator registers: series by name, with the labels that it gives them. */
function registered(): ReadonlyMap<string, readonly string[]> {
  const registry = new Registry();
  new RuntimeMetrics(registry).onScrape(() => {});
  modelMetrics(registry, { models: { list: () => [] }, states: [] }, () => true);
  missingFieldsGauge(registry);
  return new Map(
    registry.getMetricsAsArray().flatMap((metric): [string, readonly string[]][] => {
      const { name, type, labelNames } = Metric.parse(registry.getSingleMetric(metric.name));
      if (type !== 'histogram') return [[name, labelNames]];
      return [[`${name}_bucket`, [...labelNames, 'le']], [`${name}_count`, labelNames], [`${name}_sum`, labelNames]];
    }),
  );
}
const metrics = registered();

/** What Prometheus adds to every series of a target; a label `namespace` of the target's own is moved. */
const OF_THE_TARGET = ['namespace', 'pod', 'service', 'job', 'instance', 'exported_namespace'];
const WORDS = ['absent', 'sum', 'max', 'rate', 'histogram_quantile', 'or', 'by'];

type Selector = Readonly<{ metric: string; matchers: Readonly<Record<string, string>> }>;

/** The selectors of an expression, the labels it groups by, and every other word in it. */
function partsOf(expr: string): Readonly<{ selectors: readonly Selector[]; groupedBy: readonly string[]; words: readonly string[] }> {
  const selectors = [...expr.matchAll(/([a-z_:]+)\{([^}]*)\}/g)].map(([, metric = '', matchers = '']) => ({
    metric,
    matchers: Object.fromEntries([...matchers.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', value = '']) => [label, value])),
  }));
  const groupedBy = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(',').map((label) => label.trim()));
  const rest = expr.replaceAll(/[a-z_:]+\{[^}]*\}/g, '').replaceAll(/\bby \([^)]*\)/g, 'by').replaceAll(/\[\d+m\]/g, '');
  return { selectors, groupedBy, words: rest.match(/[a-z_:]+/g) ?? [] };
}

describe.each(alerts)('$alert', ({ alert, expr }) => {
  const { selectors, groupedBy, words } = partsOf(expr);

  test('names only metrics that the operator registers, with labels that they have', () => {
    expect(selectors.length).toBeGreaterThan(0);
    for (const { metric, matchers } of selectors) {
      expect({ metric, isKnown: metrics.has(metric) }).toEqual({ metric, isKnown: true });
      const known = [...(metrics.get(metric) ?? []), ...OF_THE_TARGET];
      expect(Object.keys(matchers).filter((label) => !known.includes(label))).toEqual([]);
    }
    const known = [...selectors.flatMap(({ metric }) => metrics.get(metric) ?? []), ...OF_THE_TARGET];
    expect(groupedBy.filter((label) => !known.includes(label))).toEqual([]);
    // What is no selector is a word of PromQL: a metric without braces would look at every operator of the cluster.
    expect(words.filter((word) => !WORDS.includes(word))).toEqual([]);
  });

  test('looks at this release\'s operator alone', () => {
    for (const { matchers } of selectors) {
      expect(matchers['namespace']).toBe('NAMESPACE');
      for (const [label, value] of [['controller', CONTROLLER], ['name', matchers['name'] === 'LEASE' ? 'LEASE' : CONTROLLER]] as const) expect(matchers[label] ?? value).toBe(value);
    }
  });

  test('has a page that says what it means, how to look and what to do, and is in the index', () => {
    const text = page(`runbooks/${alert}.md`);
    expect(text.split('\n')[0]).toBe(`# ${alert}`);
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual(['What it means', 'How to look', 'What to do']);
    expect(page('README.md')).toContain(`(runbooks/${alert}.md)`);
  });
});

test('there are alerts, each once, and no page without one', () => {
  const names = alerts.map(({ alert }) => alert);
  expect(names.length).toBeGreaterThan(5);
  expect(readdirSync(join(ROOT, 'docs/runbooks')).toSorted()).toEqual(names.map((name) => `${name}.md`).toSorted());
});

test('an unknown metric, a foreign label and a bare name are seen', () => {
  expect(metrics.has('controller_runtime_reconcile_totals')).toBe(false);
  expect(partsOf('sum by (le, a) (rate(x_bucket{namespace="N",b="c"}[5m])) > y')).toEqual({ selectors: [{ metric: 'x_bucket', matchers: { namespace: 'N', b: 'c' } }], groupedBy: ['le', 'a'], words: ['sum', 'by', 'rate', 'y'] });
});

test.each(['operator.md', ...readdirSync(join(ROOT, 'docs/runbooks')).map((name) => `runbooks/${name}`)])('docs/%s names only metrics that the operator registers', (file) => {
  const named = page(file).match(/\b(?:churnops|controller_runtime|workqueue|leader_election|rest_client|reflector|event_recorder)_[a-z_]*[a-z]\b/g) ?? [];
  const families = new Set([...metrics.keys()].flatMap((name) => [name, name.replace(/_(bucket|count|sum)$/, '')]));
  expect(named.filter((name) => !families.has(name))).toEqual([]);
});
