import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ensureChartTools } from '../cluster/binaries.ts';
import type { Json } from '../cluster/client.ts';
import { type ChartName, chartFolder, helm, objectsOf, render, valuesMatrix } from '../helpers/charts.ts';

const CHARTS: readonly ChartName[] = ['dr-syncer', 'dr-syncer-remote'];
const read = (chart: ChartName, file: string): string => readFileSync(join(chartFolder(chart), file), 'utf8');

// The first run builds helm.
beforeAll(() => ensureChartTools(), 30 * 60_000);

describe.each(CHARTS)('chart %s', (chart) => {
  it('passes the lint of helm', async () => {
    const { exitCode, stdout, stderr } = await helm(['lint', '--strict', chartFolder(chart)]);
    expect(exitCode, stdout + stderr).toBe(0);
  });

  it('has the version of the program', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(parse(read(chart, 'Chart.yaml'))).toMatchObject({ version, appVersion: version });
  });

  it('refuses a value that it does not know, at every depth', async () => {
    for (const path of ['', ...pathsOf(parse(read(chart, 'values.yaml')), JSON.parse(read(chart, SCHEMA)))]) {
      const unknown = await helm(['template', chartFolder(chart), '--set', `${path}unknwon=1`]);
      expect(unknown.exitCode, path).toBe(1);
      expect(unknown.stderr, path).toContain("additional properties 'unknwon' not allowed");
    }
  });

  it('says of each value what it is', () => {
    expect(uncommented(read(chart, 'values.yaml'))).toEqual([]);
  });
});

describe('what is rendered', () => {
  it.each(valuesMatrix('shop'))(
    '%s, %s: no template is left, and no name comes twice',
    async (chart, _, values) => {
      const yaml = await render(chart, values);
      const left = (yaml.match(/\{\{.*?\}\}/g) ?? []).filter((text) => !OF_PROMETHEUS.test(text));
      expect(left).toEqual([]);
      const names = objectsOf(yaml).map(
        ({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`,
      );
      expect(names).toEqual([...new Set(names)]);
      expect(names.length).toBeGreaterThan(1);
    },
  );

  it('is the definitions as they are in files/crds, kept at an uninstall unless that is turned off', async () => {
    const folder = join(chartFolder('dr-syncer'), 'files', 'crds');
    const written = readdirSync(folder).map((file) => parse(readFileSync(join(folder, file), 'utf8')));
    const rendered = await definitions({});
    const byName = (a: Json, b: Json): number => (a.metadata.name < b.metadata.name ? -1 : 1);
    expect(rendered.map(({ spec }) => spec)).toEqual(written.sort(byName).map(({ spec }) => spec));
    expect(rendered.map(({ metadata }) => metadata.annotations?.[POLICY])).toEqual(['keep', 'keep', 'keep']);
    const dropped = await definitions({ crds: { keepOnUninstall: false } });
    expect(dropped.map(({ metadata }) => metadata.annotations?.[POLICY])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('grants no right to write Secrets, to read them elsewhere, or to do anything by a wildcard', async () => {
    const roles = objectsOf(await render('dr-syncer')).filter(({ kind }) => /Role$/.test(kind));
    for (const { kind, metadata, rules } of roles) {
      for (const { apiGroups, resources, verbs } of rules) {
        expect([...apiGroups, ...resources, ...verbs]).not.toContain('*');
        if (!resources.includes('secrets')) continue;
        expect({ kind, namespace: metadata.namespace, verbs }).toEqual({
          kind: 'Role',
          namespace: 'dr-syncer',
          verbs: ['list', 'watch'],
        });
      }
    }
  });

  it('grants for named namespaces no right in the whole cluster but to read kube-system', async () => {
    const roles = objectsOf(await render('dr-syncer', { watchNamespaces: ['shop'] }));
    expect(roles.filter(({ kind }) => kind === 'ClusterRole').map(({ rules }) => rules)).toEqual([
      [{ apiGroups: [''], resources: ['namespaces'], resourceNames: ['kube-system'], verbs: ['get'] }],
    ]);
  });

  it('lets a source be read only', async () => {
    const roles = objectsOf(await render('dr-syncer-remote')).filter(({ kind }) => /Role$/.test(kind));
    const verbs = roles.flatMap(({ rules }) => rules.flatMap((rule: Json) => rule.verbs));
    expect([...new Set(verbs)].sort()).toEqual(['get', 'list', 'watch']);
  });
});

describe('values that are refused', () => {
  it.each([
    ['ignoreCert=true', 'ignoreCert is gone: dr-syncer always verifies certificates.'],
    ['controller.ignoreCert=false', 'ignoreCert is gone'],
    ['controller.logVerbosity=3', 'logVerbosity is gone. Set controller.logLevel to debug'],
    ['controller.enableLeaderElection=false', 'needs replicaCount: 1'],
    ['serviceAccount.create=false', 'serviceAccount.name must be given'],
    ['controller.replication.defaultScaleToZero=false', 'defaultScaleToZero'],
    ['controller.replication.defaultMode=Manual', 'defaultMode'],
    ['replicaCount=many', 'replicaCount'],
  ])('%s, with a reason', async (setting, reason) => {
    const { exitCode, stderr } = await helm(['template', chartFolder('dr-syncer'), '--set', setting]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(reason);
  });
});

describe('the alerts and the dashboard', () => {
  const alerts: Json[] = parse(read('dr-syncer', 'files/alerts.yaml')).rules;
  const dashboard: Json = JSON.parse(read('dr-syncer', 'files/dashboard.json'));

  it('name each alert once, with a severity and what to do', () => {
    const names = alerts.map(({ alert }) => alert);
    expect(names).toEqual([...new Set(names)]);
    for (const { labels, annotations } of alerts) {
      expect(['critical', 'warning']).toContain(labels.severity);
      expect([annotations.summary, annotations.description].every((text) => /\.$/.test(text))).toBe(true);
    }
  });

  it('have panels that do not overlap', () => {
    const cells = dashboard['panels'].flatMap(({ gridPos: { x, y, w, h } }: Json) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(cells.length).toBe(new Set(cells).size);
    expect(dashboard['panels'].every(({ gridPos: { x, w } }: Json) => x + w <= 24)).toBe(true);
  });
});

const SCHEMA = 'values.schema.json';
const POLICY = 'helm.sh/resource-policy';

// What Prometheus and Grafana fill in, not helm.
const OF_PROMETHEUS = /^\{\{ ?(\$labels\.\w+|\w+) ?\}\}$/;

const definitions = async (values: Json): Promise<Json[]> =>
  objectsOf(await render('dr-syncer', values))
    .filter(({ kind }) => kind === 'CustomResourceDefinition')
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));

// `controller.watch.`: the objects of the values whose keys the chart itself names.
const pathsOf = (values: Json, schema: Json, prefix = ''): string[] =>
  Object.entries<Json>(values).flatMap(([key, value]) => {
    const inner = schema.properties?.[key];
    if (inner?.properties === undefined) return [];
    return [`${prefix}${key}.`, ...pathsOf(value, inner, `${prefix}${key}.`)];
  });

// A group is explained by its members, and one comment may stand above several lines of a block.
const uncommented = (yaml: string): string[] =>
  yaml.split('\n\n').flatMap((block) => {
    const lines = block.split('\n');
    const first = lines.findIndex((line) => /^ *#/.test(line));
    return lines.filter((line, index) => /^ *\w+: *\S/.test(line) && (first < 0 || index < first));
  });
