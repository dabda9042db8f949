import { count } from '../../common/sentences.ts';
import { isNamespaceRow } from '../../stage/stage-result.ts';
import { ROW_ACTIONS, type StageResult, type StageRow } from '../../stage/stage-types.ts';
import { tableLines } from '../table.ts';
import type { Theme } from '../theme.ts';
import { claimLines } from './render-pvcs.ts';

// More rows than this of one list say nothing that a count does not; `--output json` has them all.
const MOST_LINES = 12;

/** The result of `stage` for people: a table by kind, then what needs eyes, then one sentence. */
export const renderStage = (result: StageResult, theme: Theme): string =>
  [
    `${theme.strong(`${result.source.context}/${result.source.namespace}`)} -> ${theme.strong(`${result.dest.context}/${result.dest.namespace}`)}${result.dryRun ? ' (dry run)' : ''}`,
    '',
    ...countTable(result),
    ...section('Failed', theme.failure, rowsOf(result, 'failed', 'refused')),
    ...section(
      'For the whole cluster (--include-cluster-needs)',
      theme.warning,
      clusterWide(result),
      Number.POSITIVE_INFINITY,
    ),
    ...section('Recreated, stashed or restored', theme.warning, told(result)),
    ...section('Skipped', theme.dim, skipped(result)),
    ...section('Notes', theme.warning, notes(result, 'warn')),
    ...section('Cluster', theme.warning, findings(result)),
    ...section(
      'Gone from the source, still at the destination (delete with --prune)',
      theme.warning,
      orphans(result),
    ),
    ...section('Custom types left out (add --include-custom-resources)', theme.dim, leftOut(result)),
    ...(result.preCopy === undefined || result.preCopy.claims.length === 0
      ? []
      : ['', ...claimLines(result.preCopy.claims)]),
    ...section('Pre-copy', theme.dim, result.preCopy?.plan ?? []),
    '',
    closing(result, theme),
    '',
  ].join('\n');

const countTable = (result: StageResult): string[] => {
  const used = ROW_ACTIONS.filter((column) => result.totals[column] > 0);
  const byKind = new Map<string, StageRow[]>();
  // Counted in none of the totals: the summary tells it.
  const rows = result.objects.filter((row) => !isNamespaceRow(row));
  for (const row of rows) byKind.set(row.kind, [...(byKind.get(row.kind) ?? []), row]);
  const cell = (n: number): string => (n === 0 ? '-' : String(n));
  const lines = [...byKind].map(([kind, rows]) => [
    kind,
    ...used.map((column) => cell(rows.filter((row) => row.action === column).length)),
  ]);
  const total = ['total', ...used.map((column) => cell(result.totals[column]))];
  const head = ['KIND', ...used.map((column) => column.toUpperCase())];
  return tableLines([head, ...lines, total], ['left', ...used.map(() => 'right' as const)]);
};

const section = (
  title: string,
  paint: (text: string) => string,
  lines: readonly string[],
  most = MOST_LINES,
): string[] => {
  if (lines.length === 0) return [];
  const shown = lines.length > most + 1 ? lines.slice(0, most) : lines;
  const more = lines.length - shown.length;
  return [
    '',
    paint(`${title}:`),
    ...shown.map((line) => `  ${line}`),
    ...(more > 0 ? [`  … ${more} more (see --output json)`] : []),
  ];
};

const rowsOf = (result: StageResult, ...actions: StageRow['action'][]): string[] =>
  tableLines(
    result.objects
      .filter((row) => actions.includes(row.action))
      .map((row) => [`${row.kind} ${row.name}`, row.reason]),
  );

// What is given to the whole cluster is told in full, whatever it came to.
const clusterWide = (result: StageResult): string[] =>
  result.objects
    .filter((row) => row.scope === 'cluster')
    .map((row) =>
      [`${row.kind} ${row.name} ${row.action}`, row.reason, ...row.notes.map((note) => note.message)]
        .filter((text) => text !== '')
        .join(': '),
    );

const told = (result: StageResult): string[] =>
  tableLines(
    result.objects
      .filter(
        (row) =>
          row.scope !== 'cluster' &&
          row.reason !== '' &&
          ['created', 'updated', 'recreated', 'stashed', 'deleted'].includes(row.action),
      )
      .map((row) => [`${row.kind} ${row.name}`, row.action, row.reason]),
  );

// Pods, ReplicaSets and the like come in numbers: one line per kind and reason.
const skipped = (result: StageResult): string[] => {
  const groups = new Map<string, StageRow[]>();
  for (const row of result.objects) {
    if (row.action !== 'skipped') continue;
    const key = `${row.kind}\n${row.reason.replaceAll(/[a-z0-9.-]+-[a-z0-9.-]+|\b[a-z0-9-]*\d[a-z0-9-]*\b/g, '*')}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return tableLines(
    [...groups.values()].map((rows) => {
      const [first] = rows;
      const names = rows.length === 1 ? (first?.name ?? '') : `${first?.name} and ${rows.length - 1} more`;
      return [first?.kind ?? '', names, first?.reason ?? ''];
    }),
  );
};

const notes = (result: StageResult, level: 'info' | 'warn'): string[] =>
  result.objects
    .filter((row) => row.scope !== 'cluster')
    .flatMap((row) =>
      row.notes
        .filter((note) => note.level === level)
        .map((note) => `${row.kind} ${row.name}${note.path === '' ? '' : ` ${note.path}`}: ${note.message}`),
    );

const findings = (result: StageResult): string[] =>
  result.findings.map(
    (finding) => `${finding.level === 'info' ? '' : `${finding.level}: `}${finding.message}`,
  );

const orphans = (result: StageResult): string[] =>
  result.orphans.map((object) => `${object.kind} ${object.name}`);

const leftOut = (result: StageResult): string[] =>
  tableLines(
    result.types.leftOut
      .filter((item) => item.objects !== 0)
      .map((item) => [
        item.type,
        item.objects < 0 ? 'no permission to count' : count(item.objects, 'object'),
      ]),
  );

const closing = (result: StageResult, theme: Theme): string => {
  const paint = result.exitCode === 0 ? theme.success : theme.failure;
  const requests = result.requests.source.total + result.requests.dest.total;
  return `${paint(result.summary)} (${result.seconds} s, ${requests} requests)`;
};
