import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '..', '..');

/** The page with the tables of fields, each between two comments that name its CRD. */
export const CONTROLLER_PAGE = join(ROOT, 'docs', 'controller.md');

const KINDS = ['remoteclusters', 'clustermappings', 'namespacemappings'] as const;

// What the controller does not do, by the start of the field's path; the CRD says what the field is for.
const NOT_YET: Readonly<Record<(typeof KINDS)[number], readonly string[]>> = {
  remoteclusters: [
    ...['access', 'transport', 'image', 'ssh', 'concurrency', 'globalConcurrencyLimit', 'retryConfig'].map(
      (name) => `spec.pvcSync.${name}`,
    ),
    ...['enabled', 'deployment', 'healthCheck', 'defaultVerificationMode', 'defaultSamplePercent'].map(
      (name) => `spec.pvcSync.${name}`,
    ),
    'status.lastSyncTime',
    'status.lastHandledResync',
    'status.pvcSync',
  ],
  clustermappings: [
    'spec.verifyConnectivity',
    'spec.connectivityTimeoutSeconds',
    'status.lastHandledResync',
    'status.consecutiveFailures',
    'status.connectionStatus',
  ],
  namespacemappings: [
    'spec.rehearsal',
    'spec.deletionPolicy',
    'status.lastWatchEvent',
    'status.lastHandledResync',
    'status.syncProgress',
    'status.detailedStatus',
    'status.deploymentScales',
    'status.data',
    'status.lastError.resource',
  ],
};

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly format?: string;
  readonly pattern?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** The page with its tables written anew from the CRDs of the chart. */
export const withFieldTables = (page: string): string =>
  KINDS.reduce(
    (text, kind) =>
      text.replace(
        new RegExp(`(<!-- ${kind} -->\n)[^]*?(?=<!-- /${kind} -->)`),
        (_, start: string) => `${start}${tableOf(kind)}`,
      ),
    page,
  );

/** The paths of all fields of the three kinds: `namespacemappings spec.paused`. */
export const fieldPaths = (): string[] =>
  KINDS.flatMap((kind) => rowsOf(kind).map(({ path }) => `${kind} ${path}`));

/** The start of each path that counts as not done yet, to be compared with fieldPaths(). */
export const notYetPaths = (): string[] =>
  KINDS.flatMap((kind) => NOT_YET[kind].map((path) => `${kind} ${path}`));

interface Row {
  readonly path: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

const tableOf = (kind: (typeof KINDS)[number]): string => {
  const lines = rowsOf(kind).map(({ path, schema, isRequired }) => {
    const isLater = NOT_YET[kind].some((one) => path === one || path.startsWith(`${one}.`));
    const what = isRequired ? `${typeOf(schema)}, required` : typeOf(schema);
    return `| \`${path}\` | ${what} | ${isLater ? '**Not yet.** ' : ''}${cell(schema.description ?? '')} |`;
  });
  return ['| field | type, default | meaning |', '|---|---|---|', ...lines, ''].join('\n');
};

const rowsOf = (kind: (typeof KINDS)[number]): Row[] => {
  const file = join(ROOT, 'charts', 'dr-syncer', 'files', 'crds', `${kind}.yaml`);
  const { spec, status } = parse(readFileSync(file, 'utf8')).spec.versions[0].schema.openAPIV3Schema
    .properties as Readonly<Record<'spec' | 'status', Schema>>;
  return [...rowsBelow('spec', spec), ...rowsBelow('status', status)];
};

const rowsBelow = (prefix: string, schema: Schema): Row[] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, one]) => {
    const path = `${prefix}.${name}`;
    const row = { path, schema: one, isRequired: schema.required?.includes(name) === true };
    // Conditions are those of every kind of Kubernetes.
    if (name === 'conditions') return [row];
    return [
      row,
      ...rowsBelow(path, one),
      ...(one.items === undefined ? [] : rowsBelow(`${path}[]`, one.items)),
    ];
  });

const typeOf = (schema: Schema): string => {
  const given = schema.default === undefined ? '' : `, \`${String(schema.default)}\``;
  if (schema.enum !== undefined) return `${schema.enum.join(' / ')}${given}`;
  const { minimum, maximum, type = 'string' } = schema;
  const range = maximum === undefined ? '' : ` ${minimum ?? 0} to ${maximum}`;
  return `${schema.pattern?.includes('[0-9]+h') ? 'duration' : (NAMES[schema.format ?? type] ?? type)}${range}${given}`;
};

const NAMES: Readonly<Record<string, string>> = { array: 'list', 'date-time': 'time', boolean: 'bool' };

const cell = (text: string): string =>
  text
    .replace(/ A duration such as 30s, 5m or 1h30m\./, '')
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
    .replaceAll('*', '\\*');
